/** @file The published models' images: tensors equal to their own processors', and the sizes that cameras get. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { qwenBatch } from '../../tests/codec-replay.ts';
import { goldenTensors } from '../../tests/golden-tensors.ts';
import { PATTERNS } from '../../tests/image-patterns.ts';
import { repositoryRoot } from '../../tests/shared-data.ts';
import { readJson } from '../base/files.ts';
import { NO_AUGMENTATION } from './augment.ts';
import { createImagePipeline, type ImageStep } from './images.ts';
import { createPatchWriter } from './patches.ts';
import { DM0_INFERENCE_FILL, dm0Images, openpiClientImages, xr0Images, zr0Images } from './published-images.ts';

/** Pixel values [3, side, side] of a noise image: patches of one pixel, channels first. */
function pixelValues(steps: readonly ImageStep[], width: number, height: number): Float32Array {
  const pipeline = createImagePipeline(steps, width, height);
  const area = pipeline.width * pipeline.height;
  const patches = new Float32Array(3 * area);
  const layout = { width: pipeline.width, height: pipeline.height, patch: 1, merge: 1, temporal: 1 };
  createPatchWriter(layout, 'image')(pipeline.apply(PATTERNS.noise(width, height)), NO_AUGMENTATION, patches, 0);
  return patches.map((_, i) => patches[(i % area) * 3 + Math.floor(i / area)]!);
}

function assertClose(got: Float32Array, expected: ArrayLike<number | bigint>): void {
  assert.equal(got.length, expected.length);
  // Bytes are the same; scaling them rounds in another order.
  assert.ok(got.every((value, i) => Math.abs(value - Number(expected[i])) < 2e-7));
}

test('DM0: padded with black for training and grey for inference, bicubic, scaled', () => {
  const golden = goldenTensors('image-processors');
  assertClose(pixelValues(dm0Images(28), 31, 40), golden['dm0.zero']!.data);
  assertClose(pixelValues(dm0Images(28, DM0_INFERENCE_FILL), 31, 40), golden['dm0.mean']!.data);
});

test('Qwen3-VL: pixel_values and image_grid_thw of images of different sizes', () => {
  const file = path.join(repositoryRoot, 'tests/golden/image-pipelines.json');
  const { qwen } = readJson<{ qwen: { small: Parameters<typeof qwenBatch>[0] } }>(file);
  const { pixels } = qwenBatch(qwen.small);
  assertClose(pixels, goldenTensors('image-processors')['qwen.small']!.data);
});

test('cameras of any size get the sizes that the models were trained on', () => {
  const size = (steps: readonly ImageStep[], width: number, height: number): number[] => {
    const pipeline = createImagePipeline(steps, width, height);
    return [pipeline.width, pipeline.height];
  };
  assert.deepEqual(size(dm0Images(), 640, 480), [728, 728]);
  assert.deepEqual(size(zr0Images(), 640, 480), [224, 224]);
  assert.deepEqual(size(openpiClientImages(448, 448), 640, 480), [448, 448]);
  assert.deepEqual(size(xr0Images(true), 640, 480), [320, 256]);
  assert.deepEqual(size(xr0Images(false), 256, 256), [256, 256]);
});
