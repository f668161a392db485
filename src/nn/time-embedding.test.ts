/** @file Sinusoids of time against double precision. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { f32 } from '../base/tensor.ts';
import { createSession, input, output, trace } from '../engine/index.ts';
import { periodicSinusoid } from './time-embedding.ts';

test('periods are geometric, and hundreds of turns keep six digits', async () => {
  const [count, width, shortest, longest] = [64, 12, 4e-3, 4];
  const graph = trace(() => {
    output('features', periodicSinusoid(input('x', 'f32', [count]), { width, shortest, longest }));
  });
  const random = new Random(1);
  const x = Float32Array.from({ length: count }, (_, i) => (i === 0 ? 1 : i === 1 ? 0 : random.uniform()));
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const { features } = await session.run({ x: f32(x) });
  await session.close();
  assert.deepEqual(features!.shape, [count, width]);
  features!.data.forEach((value, i) => {
    const [at, k] = [Math.floor(i / width), i % width];
    const angle = (2 * Math.PI * x[at]!) / (shortest * (longest / shortest) ** ((k % 6) / 5));
    const expected = k < 6 ? Math.sin(angle) : Math.cos(angle);
    assert.ok(Math.abs(Number(value) - expected) < 2e-6, `${x[at]}, feature ${k}: ${value}, expected ${expected}`);
  });
});
