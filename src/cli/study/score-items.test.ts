/** @file Items that lack in one of two runs are left out of both; the others stay with their values. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { SeedScores } from '../../benchmarks/seed-intervals.ts';
import { inCommon, sums } from './score-items.ts';

const A: SeedScores = {
  seeds: [1, 2],
  strata: ['touch', 'touch', 'lift'],
  keys: ['1', '2', '1'],
  values: [
    [10, 20, 30],
    [11, 21, 31],
  ],
};
const B: SeedScores = { seeds: [1], strata: ['lift', 'touch'], keys: ['1', '2'], values: [[5, 6]] };

test('what both have is left, by stratum and key, in the order of the first', () => {
  const [a, b] = inCommon(A, B);
  assert.deepEqual(a, {
    seeds: [1, 2],
    strata: ['touch', 'lift'],
    keys: ['2', '1'],
    values: [
      [20, 30],
      [21, 31],
    ],
  });
  assert.deepEqual(b, { seeds: [1], strata: ['touch', 'lift'], keys: ['2', '1'], values: [[6, 5]] });
  assert.deepEqual(inCommon(A, A), [A, A]);
});

test('sums count by stratum', () => {
  const scores = [1, 0.5, 2].map((value, i) => ({ stratum: i === 1 ? 'lift' : 'touch', key: String(i), value }));
  assert.deepEqual(sums(scores), { touch: [3, 2], lift: [0.5, 1] });
});
