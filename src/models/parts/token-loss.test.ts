/** @file Next-token cross-entropy against PyTorch, gradients included, and how targets are collected. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { createSession, gradient, input, output, trace } from '../../engine/index.ts';
import { collectTargets, IGNORED, tokenLoss, type TokenKind } from './token-loss.ts';

const golden = goldenTensors('losses');
const labels = Array.from({ length: 3 }, (_, b) =>
  Array.from(golden['tokens.labels']!.data.slice(b * 7, (b + 1) * 7), Number),
);
const ACTIONS: TokenKind = { first: 8, count: 4, weight: 2.5 };

async function run(capacity: number, kinds: readonly TokenKind[]) {
  const targets = collectTargets(labels, capacity, kinds);
  const feeds = { hidden: golden['tokens.hidden']!, table: golden['tokens.table']!, ...targets };
  const graph = trace(() => {
    const [hidden, table] = [input('hidden', 'f32', [3, 7, 6]), input('table', 'f32', [12, 6])];
    const fed = {
      places: input('places', 'i64', [3, capacity]),
      labels: input('labels', 'i64', [3, capacity]),
      weights: input('weights', 'f32', [3, capacity]),
    };
    const loss = tokenLoss({ weight: table }, hidden, fed);
    output('loss', loss);
    const [toHidden, toTable] = gradient(loss, [hidden, table]);
    output('gradient.hidden', toHidden!);
    output('gradient.table', toTable!);
  });
  const session = await createSession(graph, { runtime: 'cpu' });
  const results = await session.run(feeds);
  await session.close();
  return results;
}

for (const [name, kinds] of [
  ['plain', []],
  ['weighted', [ACTIONS]],
] as const) {
  test(`the ${name} loss and its gradients are PyTorch’s, however much room there is`, async () => {
    for (const capacity of [5, 9]) {
      const results = await run(capacity, kinds);
      for (const [key, result] of Object.entries(results)) {
        assert.ok(largestDifference(result, golden[`tokens.${name}.${key}`]!) < 1e-5, key);
      }
    }
  });
}

test('targets stand one place after the state that predicts them; the first token is never one', () => {
  const { places, labels: kept, weights } = collectTargets([[3, 4, IGNORED, 9]], 3, [ACTIONS]);
  assert.deepEqual([...places.data], [0n, 2n, 0n]);
  assert.deepEqual([...kept.data], [4n, 9n, 0n]);
  assert.deepEqual([...weights.data], [1, 2.5, 0]);
});

test('kinds of weight 0 are no targets, and more targets than room are refused', () => {
  const { weights } = collectTargets([[3, 4, 8, 9]], 2, [{ ...ACTIONS, weight: 0 }]);
  assert.deepEqual([...weights.data], [1, 0]);
  assert.throws(() => collectTargets([[3], [3, 4, 8, 9]], 2), {
    code: 'bad-argument',
    message: 'token targets: sample 1: expected at most 2 targets, got 3.',
  });
});
