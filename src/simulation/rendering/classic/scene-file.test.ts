/** @file Reduced and stored scenes: fewer triangles and fewer bytes for nearly the same picture; extents. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { psnr } from '../../../../tests/pictures.ts';
import { repositoryRoot } from '../../../../tests/shared-data.ts';
import { VlaError } from '../../../base/errors.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { Sim } from '../../mujoco/sim.ts';
import { cameraOf } from '../camera.ts';
import { classicLights } from './lights.ts';
import { posesOf } from './poses.ts';
import { reduceScene } from './reduce.ts';
import { ClassicRenderer } from './renderer.ts';
import { decodeScene, encodeScene } from './scene-file.ts';
import { classicScene } from './scene.ts';
import type { ClassicScene } from './scene.ts';

const mujoco = await loadMujoco();
const letter = fs.readFileSync(path.join(repositoryRoot, 'tests', 'golden', 'rendering', 'letter.png'));
const ALL = { geomGroups: [0, 1, 2], siteGroups: [0, 1, 2] };

/** Round meshes of many triangles, one textured, a tray with sharp edges, primitives, a mirror and a site; two of them on a tilted body. */
function things(): Sim {
  const rings = (count: number): string => {
    const points: string[] = [];
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < 2 * count; j++) {
        const [polar, around] = [((i + 0.5) / count) * Math.PI, (j / count) * Math.PI];
        const ring = 0.1 * Math.sin(polar);
        points.push(
          [ring * Math.cos(around), ring * Math.sin(around), 0.07 * Math.cos(polar)].map((v) => v.toFixed(5)).join(' '),
        );
      }
    }
    return points.join('  ');
  };
  return Sim.fromXml(
    mujoco,
    `<mujoco><visual><headlight ambient=".3 .3 .3" diffuse=".5 .5 .5" specular=".2 .2 .2"/><quality shadowsize="0"/></visual>
    <asset>
      <texture name="letter" type="2d" file="letter.png"/>
      <texture name="sky" type="skybox" builtin="gradient" width="16" height="96" rgb1=".3 .5 .8" rgb2=".8 .8 .7"/>
      <material name="tiled" texture="letter" texrepeat="2 2"/>
      <material name="mirror" reflectance=".5"/>
      <mesh name="round" vertex="${rings(40)}"/>
    </asset>
    <worldbody>
      <camera name="eye" pos=".5 -.9 .6" xyaxes=".874 .486 0 -.243 .437 .866" fovy="42"/>
      <light pos="0 -.5 2" dir="0 .2 -1" castshadow="false"/>
      <geom type="box" size=".4 .4 .02" pos="0 0 -.02" material="mirror"/>
      <geom name="plain" type="mesh" mesh="round" pos="-.2 0 .1" rgba=".8 .4 .3 1"/>
      <geom type="mesh" mesh="round" pos=".2 .1 .1" material="tiled"/>
      <body name="tilted" pos="0 -.2 .05" euler="20 10 30">
        <geom name="brick" type="box" size=".05 .08 .03" pos=".02 0 .03" euler="0 30 0" rgba=".2 .5 .3 1"/>
        <site type="sphere" size=".03" pos="0 0 .1" rgba="1 0 0 .5"/>
      </body>
    </worldbody></mujoco>`,
    { files: { 'letter.png': letter } },
  );
}

function draw(sim: Sim, scene: ClassicScene, renderer = new ClassicRenderer({ width: 128, height: 96 })): Uint8Array {
  const camera = cameraOf(sim, sim.id('camera', 'eye'));
  return renderer.render(scene, posesOf(sim), camera, classicLights(sim)).data.slice();
}

function triangles({ drawables }: ClassicScene): number {
  return drawables.reduce((sum, { geometry }) => sum + geometry.indices.length / 3, 0);
}

test('reduced meshes have a fraction of the triangles and nearly the same picture, every time the same', () => {
  const sim = things();
  const full = classicScene(sim, ALL);
  const reduced = reduceScene(full);
  assert.ok(triangles(reduced) < 0.4 * triangles(full), `${triangles(reduced)} of ${triangles(full)}`);
  const quality = psnr(draw(sim, reduced), draw(sim, full));
  assert.ok(quality > 38, `${quality.toFixed(1)} dB`);
  assert.deepEqual(reduceScene(full), reduced);
  const coarse = reduceScene(full, { error: 0.01, perRadian: 0, perTexture: 0.01, texels: 8 });
  assert.ok(triangles(coarse) < triangles(reduced));
  assert.ok(psnr(draw(sim, coarse), draw(sim, full)) < quality);
  sim.close();
});

test('a stored scene gives the same picture: exactly but for meshes, whose places are rounded', () => {
  const sim = things();
  const scene = classicScene(sim, ALL);
  const bytes = encodeScene(scene);
  // Bytes in the middle of a larger buffer, as files are read.
  const restored = decodeScene(Buffer.concat([Buffer.alloc(12), bytes]).subarray(12));
  const quality = psnr(draw(sim, restored), draw(sim, scene));
  assert.ok(quality > 50, `${quality.toFixed(1)} dB`);
  const withoutMeshes = ({ drawables, ...rest }: ClassicScene): ClassicScene => ({
    ...rest,
    drawables: drawables.filter(({ isMesh }) => !isMesh),
  });
  assert.deepEqual(draw(sim, withoutMeshes(restored)), draw(sim, withoutMeshes(scene)));
  // Storing what was restored changes nothing any more.
  assert.deepEqual(draw(sim, decodeScene(encodeScene(restored))), draw(sim, restored));
  sim.close();
});

test('bytes that are no stored scene, of another version, or cut off, are refused', () => {
  const sim = things();
  const bytes = encodeScene(classicScene(sim, ALL));
  sim.close();
  const version = bytes.slice();
  version[4] = 9;
  for (const [broken, message] of [
    [new Uint8Array(3), /a scene file/],
    [Uint8Array.from(bytes, (byte, i) => (i === 0 ? 0 : byte)), /a scene file/],
    [version, /version/],
    [bytes.subarray(0, 100), /bytes/],
    [bytes.subarray(0, bytes.length - 1000), /bytes of arrays/],
    [Uint8Array.from(bytes, (byte, i) => (i === 12 ? 0 : byte)), /JSON/],
  ] as const) {
    assert.throws(
      () => decodeScene(broken),
      (error) => error instanceof VlaError && error.code === 'bad-data' && message.test(error.message),
    );
  }
});

test('the extent of a thing is the pixels that change with its colour, from four samples each', () => {
  const sim = things();
  const scene = classicScene(sim, ALL);
  const renderer = new ClassicRenderer({ width: 128, height: 96 });
  const brick = sim.id('geom', 'brick');
  const isBrick = ({ carrier, id }: { carrier: string; id: number }): boolean => carrier === 'geom' && id === brick;
  const opaque = {
    ...scene,
    drawables: scene.drawables.filter(({ rgba, reflectance }) => rgba[3] === 1 && reflectance === 0),
  };
  const before = draw(sim, opaque, renderer);
  const { box, samples } = renderer.extent(isBrick)!;
  opaque.drawables.find(isBrick)!.rgba.set([1, 1, 1]);
  const after = draw(sim, opaque, renderer);
  const changed = [...Array(128 * 96).keys()].filter((i) => before[3 * i] !== after[3 * i]);
  const [xs, ys] = [changed.map((i) => i % 128), changed.map((i) => Math.floor(i / 128))];
  assert.equal(box[0] * 128, Math.min(...xs));
  assert.equal(box[2] * 128, Math.max(...xs) + 1);
  assert.equal(Math.floor(box[1] * 96), Math.min(...ys));
  assert.equal(Math.ceil(box[3] * 96), Math.max(...ys) + 1);
  assert.ok(samples <= 4 * changed.length && samples > 3 * changed.length);
  assert.equal(
    renderer.extent(() => false),
    null,
  );
  sim.close();
});
