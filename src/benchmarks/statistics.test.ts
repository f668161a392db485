/** @file Wilson intervals against published values and against their definition; percentiles. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import { mean, percentile, wilsonInterval, Z_95 } from './statistics.ts';

test('Wilson intervals are the ones published by Newcombe (1998), table I, method 3', () => {
  const published: readonly [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [successes, trials, low, high] of published) {
    const interval = wilsonInterval(successes, trials);
    assert.equal(interval.low.toFixed(4), low.toFixed(4), `${successes}/${trials} low`);
    assert.equal(interval.high.toFixed(4), high.toFixed(4), `${successes}/${trials} high`);
  }
});

test('the ends solve the equation that defines them, for every count of some sizes', () => {
  for (const trials of [1, 2, 7, 100]) {
    for (let successes = 0; successes <= trials; successes++) {
      const { rate, low, high } = wilsonInterval(successes, trials);
      const inside = (p: number): boolean => Math.abs(rate - p) <= Z_95 * Math.sqrt((p * (1 - p)) / trials);
      assert.ok(Math.abs(low - bisect(inside, 0, rate, false)) < 1e-9, `${successes}/${trials} low`);
      assert.ok(Math.abs(high - bisect(inside, rate, 1, true)) < 1e-9, `${successes}/${trials} high`);
    }
  }
});

/** Where `inside` changes between a and b; `startsInside` says on which side it holds. */
function bisect(inside: (p: number) => boolean, a: number, b: number, startsInside: boolean): number {
  let [left, right] = [a, b];
  for (let i = 0; i < 60; i++) {
    const middle = (left + right) / 2;
    if (inside(middle) === startsInside) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}

test('no trials say nothing, and impossible counts are refused', () => {
  const { rate, low, high } = wilsonInterval(0, 0);
  assert.deepEqual([rate, low, high], [NaN, 0, 1]);
  for (const [successes, trials] of [
    [3, 2],
    [-1, 2],
    [0.5, 2],
  ] as const) {
    assert.throws(() => wilsonInterval(successes, trials), VlaError);
  }
});

test('percentiles interpolate between order statistics', () => {
  assert.equal(percentile([3, 1, 2, 4], 0.5), 2.5);
  assert.equal(percentile([5], 0.99), 5);
  assert.equal(percentile([0, 10], 0.99), 9.9);
  assert.equal(percentile([], 0.5), NaN);
  assert.equal(mean([1, 2, 6]), 3);
});
