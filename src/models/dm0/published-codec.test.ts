/** @file DM0's cameras, statistics and actions against the formulas of its code. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { createImagePipeline } from '../../codec/images.ts';
import { mergedGrid, requirePatchLayout } from '../../codec/patches.ts';
import { createVectorCodec } from '../../codec/vector-steps.ts';
import { DM0_BASE } from './config.ts';
import { dm0ActionSteps, dm0Camera, parseDm0Statistics } from './published-codec.ts';

const SIZE = 32;
/** Two joints, one of which wraps, and a gripper, padded to 32. */
const padded = (values: readonly number[]): number[] => [...values, ...Array<number>(SIZE - values.length).fill(0)];
const stats = {
  min: padded([-0.2, -0.5, 0]),
  max: padded([0.3, 0.5, 0.08]),
  mean: padded([0, 0, 0.04]),
  std: padded([0.1, 0.2, 0.03]),
};
const json = { default: { min: -1, max: 1 }, state: stats, action: stats };

test('a camera is padded with black to a square of 13 × 13 tokens', () => {
  const camera = dm0Camera({ name: 'front', width: 8, height: 4 });
  requirePatchLayout(camera, 'front');
  assert.deepEqual(mergedGrid(camera), [13, 13]);
  assert.equal(camera.width / camera.patch, DM0_BASE.vision.positionGrid);
  const pipeline = createImagePipeline(camera.steps, 8, 4);
  assert.deepEqual([pipeline.width, pipeline.height], [728, 728]);
  const bytes = pipeline.apply(new Uint8Array(8 * 4 * 3).fill(200));
  const at = (x: number, y: number): number => bytes[(y * 728 + x) * 3]!;
  assert.deepEqual([at(364, 10), at(364, 364), at(364, 717)], [0, 200, 0]);
});

test('statistics are read with and without their outer key, and min and max are quantiles', () => {
  const { action, state } = parseDm0Statistics({ norm_stats: json }, 'norm_stats.json');
  assert.deepEqual(action, { ...stats, q01: stats.min, q99: stats.max });
  assert.deepEqual(parseDm0Statistics(json, 'norm_stats.json').state, state);
  assert.throws(() => parseDm0Statistics({ action: stats }, 'norm_stats.json'), { code: 'bad-data' });
});

test('actions are differences from the present state, wrapped and normalised as DM0 does it, and come back', () => {
  const { action } = parseDm0Statistics(json, 'norm_stats.json');
  const steps = dm0ActionSteps({
    statistics: action,
    dim: 3,
    absolute: [2],
    periodic: { dimensions: [1], period: 2 * Math.PI },
  });
  const codec = createVectorCodec(['joint', 'turn', 'gripper'], steps, 'action');
  const state = [0.1, 3, 0.02];
  const chunk = [0.2, -3.1, 0.08, 0.05, 3.2, 0];
  const encoded = codec.encode(chunk, state, 'action');
  assert.equal(encoded.length, 2 * SIZE);
  const expected = [0, 1].flatMap((row) => {
    const deltas = [
      chunk[row * 3]! - 0.1,
      // From 3 to −3.1 it is shorter across π.
      row === 0 ? -3.1 - 3 + 2 * Math.PI : 3.2 - 3,
      chunk[row * 3 + 2]!,
    ];
    return padded(deltas).map((x, d) => ((x - stats.min[d]!) / (stats.max[d]! - stats.min[d]! + 1e-6)) * 2 - 1);
  });
  encoded.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) < 1e-9, `${i}: ${value}, ${expected[i]}`));
  assert.ok([...encoded.subarray(3, SIZE)].every((value) => Math.abs(value + 1) < 1e-9));
  assert.deepEqual([...codec.mask.subarray(0, 5)], [1, 1, 1, 0, 0]);
  const back = codec.decode(encoded, state, 'action');
  // A wrapped joint comes back one turn further, the same place.
  const wanted = [0.2, -3.1 + 2 * Math.PI, 0.08, 0.05, 3.2, 0];
  back.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]!) < 1e-9, `${i}: ${value}, ${wanted[i]}`));
});
