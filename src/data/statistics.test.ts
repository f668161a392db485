/** @file Tests of exact statistics against numpy's numbers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteStatistics, exactStatistics, sortedQuantile } from './statistics.ts';

function close(got: ArrayLike<number>, expected: readonly number[], tolerance = 1e-12): void {
  assert.equal(got.length, expected.length);
  for (const [i, value] of expected.entries()) {
    assert.ok(Math.abs(got[i]! - value) <= tolerance * Math.max(1, Math.abs(value)), `${got[i]} is not ${value}`);
  }
}

// Printed by numpy 2.4.6 for x = (arange(57) * 37 % 101) / 7.0; np.quantile(x, [.01,.1,.5,.9,.99]), x.mean(), x.std()
const values = Array.from({ length: 57 }, (_, i) => ((i * 37) % 101) / 7);
const numpy = {
  q: [0.16, 1.3714285714285717, 7.0, 12.6, 14.045714285714284],
  mean: 7.005012531328322,
  std: 4.1735501962291615,
};

test('quantiles, mean and deviation are numpy’s, over several parts and dimensions', () => {
  const parts = [values.slice(0, 20), values.slice(20)].map((part) => part.flatMap((v) => [v, 1e6 + v]));
  const s = exactStatistics(parts, 2, 'test');
  assert.equal(s.count, 57);
  for (const [d, offset] of [0, 1e6].entries()) {
    close(
      [s.q01, s.q10, s.q50, s.q90, s.q99].map((q) => q[d]! - offset),
      numpy.q,
      1e-9,
    );
    close([s.mean[d]! - offset, s.std[d]!], [numpy.mean, numpy.std], 1e-9);
    close([s.min[d]! - offset, s.max[d]! - offset], [Math.min(...values), Math.max(...values)], 1e-9);
  }
});

test('a histogram of bytes gives what sorting the bytes gives', () => {
  const bytes = Array.from({ length: 999 }, (_, i) => (i * i * 31) % 256);
  const histogram = new Float64Array(256);
  for (const byte of bytes) histogram[byte]!++;
  const s = byteStatistics(histogram);
  const exact = exactStatistics([bytes.map((byte) => byte / 255)], 1, 'test');
  for (const key of ['min', 'max', 'mean', 'std', 'q01', 'q10', 'q50', 'q90', 'q99'] as const) {
    close(s[key], [...exact[key]], 1e-12);
  }
});

test('one value is every quantile; no value is an error', () => {
  assert.equal(sortedQuantile([3], 0.99), 3);
  assert.throws(() => exactStatistics([], 1, 'nothing'), /nothing: expected at least one frame/);
});
