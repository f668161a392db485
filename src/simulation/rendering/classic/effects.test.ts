/**
 * @file Each effect of MuJoCo's classic renderer alone, against MuJoCo's own pictures: tessellation, texture coordinates, mip levels, cube
 * maps, mirrors, sky, sites, spots, highlights, transparency, clipping, colours.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import {
  EFFECT_GROUPS,
  EFFECT_OPTIONS,
  EFFECT_SIZE,
  effectPicture,
  EFFECTS,
  effectSim,
} from '../../../../tests/effect-scenes.ts';
import { psnr, readPng } from '../../../../tests/pictures.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { Sim } from '../../mujoco/sim.ts';
import { cameraOf } from '../camera.ts';
import { classicLights } from './lights.ts';
import { posesOf } from './poses.ts';
import { ClassicRenderer } from './renderer.ts';
import { classicScene } from './scene.ts';
import type { ClassicOptions } from './scene.ts';

const mujoco = await loadMujoco();
/** The picture that the camera sees, in memory of its own. */
function draw(name: string, options: ClassicOptions, renderer = new ClassicRenderer(EFFECT_SIZE)): Uint8Array {
  const sim = effectSim(mujoco, name);
  const camera = cameraOf(sim, sim.id('camera', 'eye'));
  const { data } = renderer.render(classicScene(sim, options), posesOf(sim), camera, classicLights(sim));
  sim.close();
  return data.slice();
}

/** Decibels. The lowest when this was written was 52.8 (transparent); what is left are single samples on edges. */
const DECIBELS = 51;

for (const name of EFFECTS) {
  test(`${name}: as MuJoCo draws it`, async () => {
    const quality = psnr(draw(name, EFFECT_OPTIONS), await readPng(effectPicture(name)));
    assert.ok(quality > DECIBELS, `${quality.toFixed(2)} dB`);
  });
}

test('sites are drawn only when asked for, and only those of the groups asked for', async () => {
  const theirs = await readPng(effectPicture('sites'));
  const without = draw('sites', { geomGroups: EFFECT_GROUPS });
  const other = draw('sites', { geomGroups: EFFECT_GROUPS, siteGroups: [4] });
  assert.ok(psnr(without, theirs) < 30);
  assert.ok(psnr(other, without) < 30, 'the site of group 4 is seen');
  // The burner's middle: red with sites, the box's grey without.
  const burner = 3 * (128 * 47 + 52);
  assert.ok(theirs[burner]! > 2 * theirs[burner + 1]!);
  assert.equal(without[burner], without[burner + 1]);
});

test('the same picture again after others, and by another renderer', () => {
  const renderer = new ClassicRenderer(EFFECT_SIZE);
  const first = EFFECTS.map((name) => draw(name, EFFECT_OPTIONS, renderer));
  for (const [i, name] of EFFECTS.toReversed().entries()) {
    assert.deepEqual(draw(name, EFFECT_OPTIONS, renderer), first[EFFECTS.length - 1 - i]);
    assert.deepEqual(draw(name, EFFECT_OPTIONS), first[EFFECTS.length - 1 - i]);
  }
});

/** SHA-256 of pictures, 128 × 96. Every change of what is drawn changes them. */
const SHA256: Readonly<Record<string, string>> = {
  'mirror-plane': 'dfb7e5fbe2ddb10d9b02c6b823d9e4c44f7bb900b351c968b20a4f99327ce8ee',
  'primitives-cube': '3268a93e9227d1d0087a6db0b6df5e37d2d3e8b0e35ca1c4c05e6c9a6d349932',
  spots: '516abce8f8b2c2cc15475d767f53d8d5b1f8550dfd8b9c6a2ad2a02331c0c8f2',
};

test('the same bytes in this process and in others', () => {
  for (const [name, wanted] of Object.entries(SHA256)) {
    assert.equal(createHash('sha256').update(draw(name, EFFECT_OPTIONS)).digest('hex'), wanted, name);
  }
});

test('before MuJoCo 3.12 a primitive had the texture coordinates of a mesh without any', () => {
  // MuJoCo turns a mesh so that its moments of inertia fall from x to z: the sides must grow.
  const box = (geom: string): Sim =>
    Sim.fromXml(
      mujoco,
      `<mujoco><asset><texture name="t" type="2d" builtin="checker" width="8" height="8"/>
      <material name="m" texture="t" texrepeat="3 2"/>
      <mesh name="box" vertex="-.1 -.2 -.3  .1 -.2 -.3  .1 .2 -.3  -.1 .2 -.3  -.1 -.2 .3  .1 -.2 .3  .1 .2 .3  -.1 .2 .3"/></asset>
      <worldbody><camera name="eye"/>${geom}</worldbody></mujoco>`,
    );
  // Coordinates by place: both cover the same corners.
  const corners = (geom: string): Map<string, string> => {
    const sim = box(geom);
    const { geometry, coordinates } = classicScene(sim, { ...EFFECT_OPTIONS, primitiveCoordinates: 'generated' })
      .drawables[0]!;
    sim.close();
    const round = (values: Iterable<number>): string => [...values].map((value) => value.toFixed(4)).join(' ');
    const { positions } = geometry;
    const found = new Map<string, string>();
    for (let i = 0; 3 * i < positions.length; i++) {
      found.set(round(positions.subarray(3 * i, 3 * i + 3)), round(coordinates!.subarray(2 * i, 2 * i + 2)));
    }
    return found;
  };
  const mesh = corners('<geom type="mesh" mesh="box" material="m"/>');
  const primitive = corners('<geom type="box" size=".1 .2 .3" material="m"/>');
  assert.equal(mesh.size, 8);
  for (const [place, coordinates] of mesh) assert.equal(primitive.get(place), coordinates, place);
});
