/** @file Operators on WebGPU: every one and its gradient against the reference, and the limits of shaders. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { concat, createSession, input, mul, output, split, trace } from '../index.ts';
import { f32 } from '../../base/tensor.ts';
import { webGpuMissing } from '../runtimes/webgpu-driver.ts';
import { opErrors } from './case-graphs.ts';

const skip = await webGpuMissing();

/** SwiftShader's and graphics cards' transcendental functions are not exact. */
const TOLERANCE = 2e-4;

test('every operator and its gradient on WebGPU agree with the reference', { skip }, async () => {
  const errors = Object.entries(await opErrors('webgpu', true));
  assert.ok(errors.length > 200);
  assert.deepEqual(
    errors.filter(([, error]) => !(error <= TOLERANCE)),
    [],
  );
});

test('splits into more parts than a shader can write, and joins of as many', { skip }, async () => {
  const counts = [7, 8, 40];
  const length = counts.reduce((sum, count) => sum + count, 0);
  const graph = trace(() => {
    const x = input('x', 'f32', [length, 2]);
    const whole = split(x, 0, counts);
    for (const [i, part] of whole.entries()) {
      const rows = split(part, 0, Array(counts[i]!).fill(1) as number[]);
      output(`y${i}`, concat(rows.map((row, k) => mul(row, k)).toReversed(), 0));
    }
  });
  const session = await createSession(graph, { runtime: 'webgpu' });
  const results = await session.run({ x: f32(Array(2 * length).fill(1), [length, 2]) });
  await session.close();
  for (const [i, count] of counts.entries()) {
    const wanted = Array.from({ length: 2 * count }, (_, k) => count - 1 - Math.floor(k / 2));
    assert.deepEqual([...(results[`y${i}`]!.data as Float32Array)], wanted, `${count} parts`);
  }
});
