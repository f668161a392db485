/** @file Tests of the drawing order: each epoch a permutation, epochs and seeds different, positions independent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { permuted, shuffledFrames } from './order.ts';

test('every epoch visits every frame once, each epoch and seed in another order', () => {
  for (const count of [1, 2, 3, 5, 17, 1000]) {
    const epoch = (seed: number, number: number): number[] =>
      Array.from({ length: count }, (_, i) => permuted(i, count, seed, number));
    const ascending = Array.from({ length: count }, (_, i) => i);
    for (const [seed, number] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [2 ** 40 + 1, 3],
    ] as const) {
      assert.deepEqual(
        epoch(seed, number).sort((a, b) => a - b),
        ascending,
      );
    }
    if (count < 100) continue;
    assert.notDeepEqual(epoch(0, 0), epoch(0, 1));
    assert.notDeepEqual(epoch(0, 0), epoch(1, 0));
    assert.notDeepEqual(epoch(0, 0), epoch(2 ** 40, 0));
  }
});

test('the permutation spreads: neighbours land apart, first positions are uniform over seeds', () => {
  const count = 1000;
  const near = Array.from({ length: count - 1 }, (_, i) =>
    Math.abs(permuted(i, count, 5, 0) - permuted(i + 1, count, 5, 0)),
  ).filter((distance) => distance < 10).length;
  assert.ok(near < 60, `${near} close neighbours; about 20 are expected by chance`);
  const bins = Array.from({ length: 10 }, () => 0);
  for (let seed = 0; seed < 2000; seed++) bins[Math.floor(permuted(0, count, seed, 0) / 100)]!++;
  for (const bin of bins) assert.ok(bin > 140 && bin < 260, `bins ${bins.join(' ')}`);
});

test('positions map to episode and frame', () => {
  const order = shuffledFrames([3, 1, 4], 9);
  const seen = Array.from({ length: 8 }, (_, i) => order.at(i)).map(({ episode, frame }) => `${episode}.${frame}`);
  assert.deepEqual(seen.sort(), ['0.0', '0.1', '0.2', '1.0', '2.0', '2.1', '2.2', '2.3']);
  assert.deepEqual(order.at(13), shuffledFrames([3, 1, 4], 9).at(13));
});
