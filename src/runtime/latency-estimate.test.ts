/** @file What the latency estimate says of known latencies. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { LatencyEstimate } from './latency-estimate.ts';

test('before anything was measured the expected latency counts, then the slowest of the window', () => {
  const estimate = new LatencyEstimate({ expected: 4, window: 3 });
  assert.equal(estimate.ticks, 4);
  for (const ticks of [2, 9, 3]) estimate.add(ticks);
  assert.equal(estimate.ticks, 9);
  estimate.add(1);
  estimate.add(1);
  assert.equal(estimate.ticks, 3);
});

test('a quantile forgives outliers, a margin is added', () => {
  const estimate = new LatencyEstimate({ window: 10, quantile: 0.9, margin: 1 });
  for (const ticks of [1, 2, 3, 4, 5, 6, 7, 8, 9, 100]) estimate.add(ticks);
  assert.equal(estimate.ticks, 10);
});

test('options that mean nothing are refused', () => {
  for (const options of [{ window: 0 }, { quantile: 0 }, { quantile: 1.1 }, { margin: -1 }, { expected: 0.5 }]) {
    assert.throws(() => new LatencyEstimate(options), { code: 'bad-argument' }, JSON.stringify(options));
  }
});
