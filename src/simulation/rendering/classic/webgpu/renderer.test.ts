/** @file Pictures by WebGPU against those by the CPU and MuJoCo's own: each effect alone, whole LIBERO scenes where their files are. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { EFFECT_OPTIONS, EFFECT_SIZE, effectPicture, EFFECTS, effectSim } from '../../../../../tests/effect-scenes.ts';
import {
  LIBERO_CAMERAS,
  LIBERO_GROUPS,
  liberoPicture,
  liberoScene,
  liberoShots,
} from '../../../../../tests/libero-scene.ts';
import { psnr, readPng } from '../../../../../tests/pictures.ts';
import { skipReason } from '../../../../../tests/shared-data.ts';
import { noWebGpu } from '../../../../../tests/webgpu-device.ts';
import { VlaError } from '../../../../base/errors.ts';
import { loadMujoco } from '../../../mujoco/module.ts';
import { cameraOf } from '../../camera.ts';
import { classicLights } from '../lights.ts';
import { posesOf } from '../poses.ts';
import { reduceScene } from '../reduce.ts';
import { ClassicRenderer } from '../renderer.ts';
import { classicScene } from '../scene.ts';
import { openDevice } from './device.ts';
import { WebGpuRenderer } from './renderer.ts';

const mujoco = await loadMujoco();
const skip = noWebGpu;
const opened = skip === false ? await openDevice() : null;
test.after(() => opened?.close());

const create = (size: { readonly width: number; readonly height: number }): Promise<WebGpuRenderer> =>
  WebGpuRenderer.create(opened!.device, size);

/** Decibels against the CPU's picture and MuJoCo's own. SwiftShader's lowest when this was written was 45.3 (the box with a mirror). */
const DECIBELS = 42;

test('each effect as the CPU draws it, and as MuJoCo does', { skip }, async () => {
  const gpu = await create(EFFECT_SIZE);
  const cpu = new ClassicRenderer(EFFECT_SIZE);
  for (const name of EFFECTS) {
    const sim = effectSim(mujoco, name);
    const scene = classicScene(sim, EFFECT_OPTIONS);
    const [poses, camera, lights] = [posesOf(sim), cameraOf(sim, sim.id('camera', 'eye')), classicLights(sim)];
    const [image] = await gpu.render(scene, poses, [camera], lights);
    const native = await readPng(effectPicture(name));
    const qualities = [cpu.render(scene, poses, camera, lights).data, native].map((one) => psnr(image!.data, one));
    assert.ok(Math.min(...qualities) > DECIBELS, `${name}: ${qualities.map((one) => one.toFixed(1)).join(', ')} dB`);
    sim.close();
  }
  gpu.close();
});

/** Decibels, full and reduced: against the CPU's picture, and against MuJoCo's own. */
const AGAINST_CPU = 35;
const AGAINST_MUJOCO = { agentview: 30, robot0_eye_in_hand: 28 };

test(
  'LIBERO scenes: both cameras of every stored picture, also with reduced meshes',
  { skip: skip === false ? skipReason('libero') : skip },
  async () => {
    const gpu = await create({ width: 256, height: 256 });
    const cpu = new ClassicRenderer({ width: 256, height: 256 });
    for (const task of liberoShots()) {
      const sim = liberoScene(mujoco, task);
      const whole = classicScene(sim, { geomGroups: LIBERO_GROUPS });
      const cameras = LIBERO_CAMERAS.map((camera) => cameraOf(sim, sim.id('camera', camera)));
      for (const scene of [whole, reduceScene(whole)]) {
        const images = await gpu.render(scene, posesOf(sim), cameras, classicLights(sim));
        for (const [i, camera] of LIBERO_CAMERAS.entries()) {
          const { data } = cpu.render(scene, posesOf(sim), cameras[i]!, classicLights(sim));
          const ours = psnr(images[i]!.data, data);
          const theirs = psnr(images[i]!.data, await readPng(liberoPicture(task, camera)));
          const told = `${task}, ${camera}: ${ours.toFixed(1)} dB of the CPU’s, ${theirs.toFixed(1)} of MuJoCo’s`;
          assert.ok(ours > AGAINST_CPU && theirs > AGAINST_MUJOCO[camera], told);
        }
      }
      sim.close();
    }
    gpu.close();
  },
);

/** A scene with all of a call's arguments; closed before they are used. */
function shotOf(name: string): Parameters<WebGpuRenderer['render']> {
  const sim = effectSim(mujoco, name);
  const poses = posesOf(sim);
  const copies = {
    geomPositions: poses.geomPositions.slice(),
    geomOrientations: poses.geomOrientations.slice(),
    sitePositions: poses.sitePositions.slice(),
    siteOrientations: poses.siteOrientations.slice(),
  };
  const camera = cameraOf(sim, sim.id('camera', 'eye'));
  const shot = [classicScene(sim, EFFECT_OPTIONS), copies, [camera], classicLights(sim)] as const;
  sim.close();
  return [...shot];
}

test(
  'a picture shows the moment of the call, however many are under way and whatever they show',
  { skip },
  async () => {
    const gpu = await create(EFFECT_SIZE);
    // More scenes than stay on the device.
    const shots = EFFECTS.map(shotOf);
    const alone: Uint8Array[] = [];
    for (const shot of shots) alone.push((await gpu.render(...shot))[0]!.data);
    const waiting = shots.map((shot) => {
      const images = gpu.render(...shot);
      shot[1].geomPositions.fill(100);
      for (const { rgba } of shot[0].drawables) rgba[3] = 0;
      return images;
    });
    for (const [i, images] of (await Promise.all(waiting)).entries()) {
      assert.deepEqual(images[0]!.data, alone[i], EFFECTS[i]!);
    }
    // The changes were seen by later calls.
    const [scene, poses, cameras, lights] = shots[EFFECTS.indexOf('colours')]!;
    const [empty] = await gpu.render(scene, poses, cameras, lights);
    assert.ok(empty!.data.every((byte) => byte === 0));
    gpu.close();
  },
);

test('several cameras in one call give the pictures of several calls', { skip }, async () => {
  const gpu = await create(EFFECT_SIZE);
  const [scene, poses, [eye], lights] = shotOf('mirror-box');
  const aside = { ...eye!, position: eye!.position.map((value, k) => value + [0.1, -0.05, 0.05][k]!) };
  const behind = { ...eye!, orientation: eye!.orientation.map((value, i) => (i % 3 === 1 ? value : -value)) };
  const cameras = [eye!, behind, aside];
  const together = await gpu.render(scene, poses, cameras, lights);
  for (const [i, camera] of cameras.entries()) {
    const [alone] = await gpu.render(scene, poses, [camera], lights);
    assert.deepEqual(together[i], alone);
    const quality = psnr(alone!.data, new ClassicRenderer(EFFECT_SIZE).render(scene, poses, camera, lights).data);
    assert.ok(quality > DECIBELS, `camera ${i}: ${quality.toFixed(1)} dB`);
  }
  assert.notDeepEqual(together[0]!.data, together[2]!.data);
  gpu.close();
});

test(
  'a renderer that is closed, too many lights, a device that is gone: an error, never a picture',
  { skip },
  async () => {
    const [scene, poses, cameras, lights] = shotOf('spots');
    const refuses = (gpu: WebGpuRenderer, shone: typeof lights, code: string, message: RegExp): Promise<void> =>
      assert.rejects(
        () => gpu.render(scene, poses, cameras, shone),
        (error: unknown) => error instanceof VlaError && error.code === code && message.test(error.message),
      );
    const closed = await create(EFFECT_SIZE);
    await refuses(
      closed,
      Array.from({ length: 9 }, () => lights[0]!),
      'bad-argument',
      /at most 8 lights, got 9/,
    );
    closed.close();
    closed.close();
    await refuses(closed, lights, 'bad-argument', /closed/);
    const other = await openDevice();
    const lost = await WebGpuRenderer.create(other.device, EFFECT_SIZE);
    await lost.render(scene, poses, cameras, lights);
    other.close();
    await refuses(lost, lights, 'unsupported', /expected images, got: /);
    lost.close();
  },
);

test('an image or a scene that the device cannot hold is said', { skip }, async () => {
  const { device } = opened!;
  await assert.rejects(
    create({ width: device.limits.maxTextureDimension2D + 1, height: 8 }),
    (error: unknown) => error instanceof VlaError && error.code === 'bad-argument',
  );
  const [scene, poses, cameras, lights] = shotOf('sky');
  // A second mip level as large as the first.
  const sides = Int32Array.of(4, 4);
  const sky = { widths: sides, heights: sides, starts: new Int32Array(12), levels: 2, texels: new Uint32Array(16) };
  const wrong = { ...scene, sky: { kind: 'cube' as const, ...sky } };
  const failing = await create(EFFECT_SIZE);
  await assert.rejects(
    () => failing.render(wrong, poses, cameras, lights),
    (error: unknown) => error instanceof VlaError && error.code === 'unsupported' && /level/i.test(error.message),
  );
  failing.close();
  // The device serves others as before.
  const gpu = await create(EFFECT_SIZE);
  assert.equal((await gpu.render(scene, poses, cameras, lights)).length, 1);
  gpu.close();
});
