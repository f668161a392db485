/**
 * @file A program for a test: one backward pass through a deep network; prints by how many megabytes the process has grown at most.
 *
 *     node dist/tests/rematerialised-memory.js keep|rematerialise
 */

import process from 'node:process';
import { f32 } from '../src/base/tensor.ts';
import {
  add,
  createSession,
  gradient,
  input,
  linear,
  output,
  reduceMean,
  segment,
  tanh,
  trace,
} from '../src/engine/index.ts';

const [ROWS, WIDTH, LAYERS, INSIDE] = [8192, 64, 12, 6];

const graph = trace(() => {
  const weights = Array.from({ length: LAYERS }, (_, i) => input(`w${i}`, 'f32', [WIDTH, WIDTH]));
  const x = input('x', 'f32', [ROWS, WIDTH]);
  const h = weights.reduce(
    (y, w) =>
      segment(() => {
        let z = y;
        for (let i = 0; i < INSIDE; i++) z = tanh(linear(z, w));
        return add(y, z);
      }),
    x,
  );
  const slopes = gradient(reduceMean(h), weights, { rematerialise: process.argv[2] === 'rematerialise' });
  for (const [i, slope] of slopes.entries()) output(`g${i}`, slope);
});
const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
const feeds = {
  x: f32(new Float32Array(ROWS * WIDTH).fill(0.5), [ROWS, WIDTH]),
  ...Object.fromEntries(
    Array.from({ length: LAYERS }, (_, i) => [`w${i}`, f32(new Float32Array(WIDTH ** 2).fill(0.01), [WIDTH, WIDTH])]),
  ),
};
const megabytes = (): number => process.resourceUsage().maxRSS / 1024;
const before = megabytes();
await session.run(feeds);
console.log((megabytes() - before).toFixed(0));
await session.close();
