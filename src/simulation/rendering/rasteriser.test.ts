/** @file The CPU rasteriser against MuJoCo's own pictures, and what it promises by itself: visibility, clipping, determinism. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import type { Image } from '../../interfaces/observation.ts';
import { psnr, readPng } from '../../../tests/pictures.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { cameraOf, project, projectedBox } from './camera.ts';
import { boxGeometry, capsuleGeometry, cylinderGeometry, ellipsoidGeometry, planeGeometry } from './geometry.ts';
import type { Geometry } from './geometry.ts';
import { lightsOf } from './lights.ts';
import { Rasteriser } from './rasteriser.ts';
import { extractScene } from './scene.ts';
import type { Drawable, Scene } from './scene.ts';
import { cubeTexture, flatTexture, sampleCube } from './texture.ts';

const mujoco = await loadMujoco();
const golden = path.join(repositoryRoot, 'tests', 'golden', 'rendering');

function render(
  sim: Sim,
  scene: Scene,
  camera: string,
  size: number,
  background: [number, number, number] = [0, 0, 0],
): Image {
  const rasteriser = new Rasteriser({ width: size, height: size, samplesPerSide: 2, background });
  const view = cameraOf(sim, sim.id('camera', camera));
  return rasteriser.render(scene, sim.data('geom_xpos'), sim.data('geom_xmat'), view, lightsOf(sim));
}

/** A scene with a camera at the origin that looks along −z, and these things in it. */
function scene(geoms: string): { sim: Sim; drawn: Scene } {
  const sim = Sim.fromXml(
    mujoco,
    '<mujoco><visual><headlight ambient="1 1 1" diffuse="0 0 0" specular="0 0 0"/></visual>' +
      `<worldbody><camera name="eye" fovy="90"/>${geoms}</worldbody></mujoco>`,
  );
  return { sim, drawn: extractScene(sim, [0, 1, 2]) };
}

/** The scene of tests/golden/rendering: every primitive, a mesh, textures, all kinds of light. */
function goldenShapes(): Sim {
  const files = { 'letter.png': fs.readFileSync(path.join(golden, 'letter.png')) };
  return Sim.fromXml(mujoco, fs.readFileSync(path.join(golden, 'shapes.xml'), 'utf8'), { files });
}

test('every primitive, a mesh, textures, all kinds of light: within 30 dB of MuJoCo’s own pictures', async () => {
  const sim = goldenShapes();
  const drawn = extractScene(sim, [0, 1, 2]);
  for (const camera of ['above', 'near']) {
    const theirs = await readPng(path.join(golden, `shapes-${camera}.png`));
    const quality = psnr(render(sim, drawn, camera, 128).data, theirs);
    assert.ok(quality > 30, `${camera}: ${quality.toFixed(1)} dB`);
  }
  sim.close();
});

test('shapes are closed, with outward unit normals', () => {
  const shapes: Record<string, Geometry> = {
    box: boxGeometry([0.1, 0.2, 0.3], 2),
    ellipsoid: ellipsoidGeometry([0.1, 0.2, 0.3]),
    cylinder: cylinderGeometry(0.1, 0.3),
    capsule: capsuleGeometry(0.1, 0.3),
  };
  const volumes: Record<string, number> = {
    box: 8 * 0.1 * 0.2 * 0.3,
    ellipsoid: (4 / 3) * Math.PI * 0.1 * 0.2 * 0.3,
    cylinder: Math.PI * 0.1 ** 2 * 0.6,
    capsule: Math.PI * 0.1 ** 2 * 0.6 + (4 / 3) * Math.PI * 0.1 ** 3,
  };
  for (const [name, { positions: p, normals: n, indices }] of Object.entries(shapes)) {
    let volume = 0;
    for (let t = 0; t < indices.length; t += 3) {
      const [a, b, c] = [0, 1, 2].map((k) => [...p.subarray(3 * indices[t + k]!, 3 * indices[t + k]! + 3)]);
      const cross = [
        b![1]! * c![2]! - b![2]! * c![1]!,
        b![2]! * c![0]! - b![0]! * c![2]!,
        b![0]! * c![1]! - b![1]! * c![0]!,
      ];
      volume += (a![0]! * cross[0]! + a![1]! * cross[1]! + a![2]! * cross[2]!) / 6;
    }
    // A hole or a flipped triangle would change the sum; coarse round shapes are a little too small.
    assert.ok(
      volume > 0.93 * volumes[name]! && volume < 1.0001 * volumes[name]!,
      `${name}: ${volume} for ${volumes[name]}`,
    );
    for (let i = 0; i < n.length; i += 3) {
      assert.ok(Math.abs(Math.hypot(n[i]!, n[i + 1]!, n[i + 2]!) - 1) < 1e-5);
      assert.ok(n[i]! * p[i]! + n[i + 1]! * p[i + 1]! + n[i + 2]! * p[i + 2]! > 0, `${name}: a normal points inwards`);
    }
  }
  assert.equal(planeGeometry(1, 2, 4).indices.length, 3 * 2 * 16);
});

test('the nearer thing hides the farther one, whatever the order, and the background is where nothing is', () => {
  const near = '<geom name="near" type="box" size=".5 .5 .1" pos="0 0 -2" rgba="1 0 0 1"/>';
  const far = '<geom name="far" type="box" size="1.5 1.5 .1" pos="0 0 -4" rgba="0 1 0 1"/>';
  for (const geoms of [near + far, far + near]) {
    const { sim, drawn } = scene(geoms);
    const { data } = render(sim, drawn, 'eye', 64, [9, 8, 7]);
    const at = (x: number, y: number): number[] => [...data.subarray(3 * (64 * y + x), 3 * (64 * y + x) + 3)];
    assert.deepEqual(at(32, 32), [255, 0, 0]);
    assert.deepEqual(at(32, 22), [0, 255, 0]);
    assert.deepEqual(at(2, 2), [9, 8, 7]);
    sim.close();
  }
});

test('the extent of a geom is the pixels that change with its colour', () => {
  const { sim, drawn } = scene(
    '<geom name="ball" type="sphere" size=".3" pos=".2 .1 -2"/><geom name="lid" type="box" size=".2 .05 .01" pos=".1 .1 -1"/>',
  );
  const size = 40;
  const rasteriser = new Rasteriser({ width: size, height: size, samplesPerSide: 1, background: [0, 0, 0] });
  const view = cameraOf(sim, sim.id('camera', 'eye'));
  for (const name of ['ball', 'lid']) {
    const geom = sim.id('geom', name);
    const { rgba } = drawn.drawables.find((drawable) => drawable.geom === geom)!;
    const [lit, dark] = [1, 0].map((level) => {
      rgba.set([level, level, level]);
      const { data } = rasteriser.render(drawn, sim.data('geom_xpos'), sim.data('geom_xmat'), view, lightsOf(sim));
      return data.slice();
    });
    const changed = Array.from({ length: size * size }, (_, i) => i).filter((i) => lit![3 * i] !== dark![3 * i]);
    const [xs, ys] = [changed.map((i) => i % size), changed.map((i) => Math.floor(i / size))];
    assert.deepEqual(rasteriser.extent(geom), {
      samples: changed.length,
      box: [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1].map((value) => value / size),
    });
    assert.ok(changed.length > 10);
  }
  sim.close();
});

test('edges are blended from four samples', () => {
  // The box's right side is seen at x = 32 + 32·(0.5 / 1.9): inside a pixel.
  const { sim, drawn } = scene('<geom type="box" size=".511 .5 .1" pos="0 0 -2.1" rgba="1 1 1 1"/>');
  const { data } = render(sim, drawn, 'eye', 64);
  const row = [...Array(64).keys()].map((x) => data[3 * (64 * 32 + x)]!);
  const levels = new Set(row);
  assert.ok(levels.has(0) && levels.has(255));
  assert.ok(
    [...levels].every((level) => [0, 63, 64, 127, 128, 191, 192, 255].includes(level)),
    [...levels].join(' '),
  );
  sim.close();
});

test('things that cross the near plane are clipped, things behind the camera are not drawn', () => {
  const wall = '<geom type="plane" size="5 5 1" pos="0 -.5 0" euler="-90 0 0" rgba="0 0 1 1"/>';
  const { sim, drawn } = scene(wall + '<geom type="sphere" size=".5" pos="0 0 3" rgba="1 0 0 1"/>');
  const { data } = render(sim, drawn, 'eye', 64, [50, 50, 50]);
  const column = [...Array(64).keys()].map((y) => [...data.subarray(3 * (64 * y + 32), 3 * (64 * y + 32) + 3)]);
  assert.ok(
    column.slice(0, 32).every(([red, , blue]) => red === 50 && blue === 50),
    'nothing above the horizon',
  );
  assert.ok(
    column.slice(36).every(([red, , blue]) => red === 0 && blue! > 250),
    'the floor reaches the lower border',
  );
  sim.close();
});

test('the same picture twice, also after others and from another rasteriser of the same size', () => {
  const { sim, drawn } = scene('<geom type="capsule" fromto="-.5 0 -2 .5 .3 -1.5" size=".2" rgba=".8 .4 .2 1"/>');
  const random = new Random(1);
  const rasteriser = new Rasteriser({ width: 48, height: 48, samplesPerSide: 2, background: [1, 2, 3] });
  const shoot = (by: Rasteriser, dx: number): Uint8Array => {
    const camera = cameraOf(sim, 0);
    camera.position[0] = dx;
    return by.render(drawn, sim.data('geom_xpos'), sim.data('geom_xmat'), camera, lightsOf(sim)).data.slice();
  };
  const first = shoot(rasteriser, 0.1);
  for (let i = 0; i < 5; i++) shoot(rasteriser, random.range(-1, 1));
  assert.deepEqual(shoot(rasteriser, 0.1), first);
  const other = new Rasteriser({ width: 48, height: 48, samplesPerSide: 2, background: [1, 2, 3] });
  assert.deepEqual(shoot(other, 0.1), first);
  sim.close();
});

/** SHA-256 of the pictures of the golden scene, 128 × 128, 4 samples; Node 20 and 24 agree. Every change of what is drawn changes them. */
const SHAPES_SHA256 = {
  above: '3979f082aa228b964efdcfd982059aa1dd11b0f10a5334f818d47221aba66166',
  near: '6a89ef02c09a44493ce01159e03feeecadcbd98c7788488a34e580d9a94b4bad',
} as const;

test('the same bytes from every simulation, scene and rasteriser, in this process and in others', () => {
  for (let instance = 0; instance < 2; instance++) {
    const sim = goldenShapes();
    const drawn = extractScene(sim, [0, 1, 2]);
    for (const [camera, wanted] of Object.entries(SHAPES_SHA256)) {
      const { data } = render(sim, drawn, camera, 128);
      assert.equal(createHash('sha256').update(data).digest('hex'), wanted, `${camera}, instance ${instance}`);
    }
    sim.close();
  }
});

test('projection agrees with the picture, and `sees` with what hides what', () => {
  const ball = '<geom name="ball" type="sphere" size=".15" pos=".4 -.3 -1.5" rgba="1 0 0 1"/>';
  const lid = '<geom name="lid" type="box" size=".3 .3 .01" pos=".3 -.2 -1" rgba="0 0 1 1"/>';
  const { sim, drawn } = scene(ball + lid);
  const rasteriser = new Rasteriser({ width: 100, height: 100, samplesPerSide: 2, background: [0, 0, 0] });
  const [ballId, lidId] = [sim.id('geom', 'ball'), sim.id('geom', 'lid')];
  const camera = cameraOf(sim, sim.id('camera', 'eye'));
  const poses = [sim.data('geom_xpos'), sim.data('geom_xmat')] as const;
  const shoot = (): Image => rasteriser.render(drawn, ...poses, camera, lightsOf(sim));
  const find = (id: number): Drawable => drawn.drawables.find(({ geom }) => geom === id)!;
  shoot();
  assert.equal(rasteriser.sees(ballId), false);
  assert.equal(rasteriser.sees(lidId), true);
  find(lidId).rgba[3] = 0;
  const { data } = shoot();
  assert.equal(rasteriser.sees(ballId), true);
  assert.equal(rasteriser.sees(lidId), false);
  const [xs, ys]: [number[], number[]] = [[], []];
  for (let i = 0; i < 10_000; i++) {
    if (data[3 * i]! > 127) {
      xs.push((i % 100) + 0.5);
      ys.push(Math.floor(i / 100) + 0.5);
    }
  }
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = project(camera, [0.4, -0.3, -1.5])!;
  assert.ok(Math.abs(mean(xs) / 100 - x) < 0.005 && Math.abs(mean(ys) / 100 - y) < 0.005);
  const box = projectedBox(camera, find(ballId), ...poses)!;
  const drawnBox = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)].map((value) => value / 100);
  for (let i = 0; i < 4; i++)
    assert.ok(Math.abs(box[i]! - drawnBox[i]!) < 0.015, `${box.join(' ')} for ${drawnBox.join(' ')}`);
  assert.equal(project(camera, [0, 0, 1]), null);
  camera.position[2] = -5;
  assert.equal(projectedBox(camera, find(ballId), ...poses), null);
  sim.close();
});

test('mip levels halve until a side is one, each the mean of four; sRGB becomes linear', () => {
  const bytes = Uint8Array.of(0, 100, 200, 200, 100, 200, 0, 0);
  const image = { width: 4, height: 2, channels: 1, bytes, srgb: false };
  const [levels] = flatTexture(image).faces;
  assert.deepEqual(
    levels!.map(({ width, height }) => [width, height]),
    [
      [4, 2],
      [2, 1],
    ],
  );
  assert.deepEqual([...levels![1]!.texels], [0x646464, 0x646464]);
  // 188/255 in sRGB is half the light.
  const grey = flatTexture({ width: 1, height: 1, channels: 1, bytes: Uint8Array.of(188), srgb: true });
  assert.equal(grey.faces[0]![0]!.texels[0]! & 255, 128);
});

test('a cube map is looked up by direction: each face in its place, the middle of a face at its axis', () => {
  const colours = [10, 20, 30, 40, 50, 60];
  const stacked = {
    width: 2,
    height: 12,
    channels: 1,
    bytes: Uint8Array.from({ length: 24 }, (_, i) => colours[i >> 2]!),
    srgb: false,
  };
  const cube = cubeTexture(stacked);
  const axes = [
    [1, 0, 0],
    [-1, 0, 0],
    [0, 1, 0],
    [0, -1, 0],
    [0, 0, 1],
    [0, 0, -1],
  ] as const;
  for (const [i, [x, y, z]] of axes.entries()) assert.equal(sampleCube(cube, 0, 3 * x, 3 * y, 3 * z) & 255, colours[i]);
  // On +z, s runs with x and t against y: the first texel is where x < 0 and y > 0.
  const marked = cubeTexture({ ...stacked, height: 2, bytes: Uint8Array.of(255, 0, 0, 0) });
  assert.equal(sampleCube(marked, 0, -0.9, 0.9, 1) & 255, 255);
  assert.equal(sampleCube(marked, 0, 0.9, 0.9, 1) & 255, 0);
});
