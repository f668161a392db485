/** @file The interval of paired differences: its shape, and how often it holds the truth. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { pairedDifference, type PairCounts } from './paired-difference.ts';
import { wilsonInterval } from './statistics.ts';

const counts = (both: number, lost: number, gained: number, neither: number): PairCounts => {
  return { both, lost, gained, neither };
};

test('it holds the difference, turns around with the pairs, and never leaves −1 to 1', () => {
  for (const one of [
    counts(40, 10, 2, 8),
    counts(0, 5, 0, 0),
    counts(50, 0, 0, 0),
    counts(0, 0, 0, 9),
    counts(1, 1, 1, 1),
  ]) {
    const { difference, low, high } = pairedDifference(one);
    assert.ok(low <= difference && difference <= high && low >= -1 && high <= 1);
    const turned = pairedDifference({ ...one, lost: one.gained, gained: one.lost });
    assert.deepEqual(
      [turned.difference, turned.low, turned.high].map((value) => value + 0),
      [-difference + 0, -high + 0, -low + 0],
    );
  }
  assert.deepEqual(pairedDifference(counts(0, 0, 0, 0)), { difference: NaN, low: -1, high: 1 });
});

test('without correlation it is the interval of two independent samples, and correlated pairs make it narrower', () => {
  // 60 % and 50 % of 100, independent: 30, 30, 20, 20.
  const { low, high, difference } = pairedDifference(counts(30, 30, 20, 20));
  const [before, after] = [wilsonInterval(60, 100), wilsonInterval(50, 100)];
  assert.ok(Math.abs(low - (difference - Math.hypot(after.rate - after.low, before.high - before.rate))) < 1e-12);
  assert.ok(Math.abs(high - (difference + Math.hypot(after.high - after.rate, before.rate - before.low))) < 1e-12);
  // The same rates, hardly a pair apart: 50, 10, 0, 40.
  const paired = pairedDifference(counts(50, 10, 0, 40));
  assert.ok(Math.abs(paired.difference + 0.1) < 1e-12);
  assert.ok(paired.high < 0 && high > 0, 'so that a loss is seen');
  assert.ok(paired.high - paired.low < 0.5 * (high - low));
});

test('it holds the truth in about 95 % of samples, and in more where hardly a pair differs', () => {
  for (const [p, flipLost, flipGained, most] of [
    [0.9, 0.15, 0.1, 0.975],
    [0.6, 0.3, 0.2, 0.975],
    [0.95, 0.02, 0, 1],
  ] as const) {
    const truth = -p * flipLost + (1 - p) * flipGained;
    const samples = 2000;
    let held = 0;
    for (let sample = 0; sample < samples; sample++) {
      const random = new Random(11, sample, Math.round(1000 * p));
      const table = { both: 0, lost: 0, gained: 0, neither: 0 };
      for (let pair = 0; pair < 200; pair++) {
        const before = random.uniform() < p;
        const flips = random.uniform() < (before ? flipLost : flipGained);
        table[before ? (flips ? 'lost' : 'both') : flips ? 'gained' : 'neither']++;
      }
      const { low, high } = pairedDifference(table);
      if (low <= truth && truth <= high) held++;
    }
    const share = held / samples;
    assert.ok(share > 0.935 && share <= most, `${p}: ${share}`);
  }
});
