/** @file Activations of constants are said so that they can be computed at load; those of inputs keep the fused operator. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../../base/tensor.ts';
import { add, constant, createSession, input, linear, output, silu, trace, weight } from '../index.ts';
import { checkLegal } from './legal.ts';
import { plainSiluAtLoad } from './load-time-silu.ts';

const graph = trace(() => {
  const time = linear(silu(constant(f32([1, -2, 3], [1, 3]))), weight('w', 'f32', [2, 3]));
  output('y', silu(add(time, input('x', 'f32', [4, 2]))));
});

test('only the activation that no input reaches is taken apart', async (t) => {
  const plain = plainSiluAtLoad(graph);
  checkLegal(plain, 'plain silu');
  assert.deepEqual(
    plain.nodes.map(({ op }) => op.name).filter((name) => name !== 'reshape'),
    ['sigmoid', 'mul', 'gemm', 'add', 'silu'],
  );
  const weights = { w: f32([1, 2, 3, -1, 0, 1], [2, 3]) };
  const x = f32([0, 1, 2, 3, 4, 5, 6, 7], [4, 2]);
  const results = [];
  for (const runtime of ['cpu', 'reference'] as const) {
    const session = await createSession(graph, { runtime, weights });
    t.after(() => session.close());
    results.push([...((await session.run({ x }))['y']!.data as Float32Array)]);
  }
  for (const [i, value] of results[0]!.entries()) assert.ok(Math.abs(value - results[1]![i]!) < 1e-5);
});
