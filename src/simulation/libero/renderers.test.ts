/** @file LIBERO drawn by WebGPU is LIBERO drawn by the CPU, to the decibels that are promised. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { packFiles } from '../../../tests/libero-tasks.ts';
import { psnr } from '../../../tests/pictures.ts';
import { skipReason } from '../../../tests/shared-data.ts';
import { noWebGpu } from '../../../tests/webgpu-device.ts';
import type { Environment } from '../../interfaces/environment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { createLibero } from './libero.ts';
import type { LiberoRendererName } from './renderers.ts';

const skip = skipReason('libero') || noWebGpu;
/** A stove is a mirror, and glows once it is on. */
const TASK = 'turn_on_the_stove';
const DECIBELS = 35;
const STEPS = 5;

function open(renderer?: LiberoRendererName): Promise<Environment> {
  const config = { files: packFiles, suite: 'libero_goal', tasks: [TASK], imageSize: 128 };
  return createLibero(renderer === undefined ? config : { ...config, renderer });
}

function assertClose(a: Observation, b: Observation): void {
  assert.deepEqual(Object.keys(a.images), Object.keys(b.images));
  for (const [camera, { data }] of Object.entries(a.images)) {
    const quality = psnr(data, b.images[camera]!.data);
    assert.ok(quality > DECIBELS, `${camera}: ${quality.toFixed(1)} dB`);
  }
  assert.deepEqual(a.state, b.state);
}

test('WebGPU shows what the CPU shows, of the moment at which it was asked', { skip }, async () => {
  const [cpu, gpu] = [await open(), await open('webgpu')];
  const expert = cpu as Environment & { expert(): Float32Array };
  for (const environment of [cpu, gpu]) await environment.reset({ task: TASK, seed: 2 });
  let before = await cpu.observe();
  assertClose(await gpu.observe(), before);
  for (let i = 0; i < STEPS; i++) {
    const action = expert.expert();
    const asked = gpu.observe();
    await gpu.step(action);
    assertClose(await asked, before);
    await cpu.step(action);
    before = await cpu.observe();
    assertClose(await gpu.observe(), before);
  }
  await gpu.close();
  await gpu.close();
  // Another one of this process draws as before.
  const again = await open('webgpu');
  await again.reset({ task: TASK, seed: 2 });
  await again.observe();
  await again.close();
  await cpu.close();
});
