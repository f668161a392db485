/** @file Rounding: halves go to the even neighbour, on both sides of zero. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { roundHalfToEven } from './round-half-to-even.ts';

test('halves go to the even neighbour, the rest to the nearest', () => {
  const values = [-2.5, -1.5, -1.4, -0.6, -0.5, 0.4, 0.5, 0.6, 1.5, 2.5, 3.5, 7];
  assert.deepEqual(
    values.map((value) => roundHalfToEven(value) + 0),
    [-2, -2, -1, -1, 0, 0, 0, 1, 2, 2, 4, 7],
  );
  // The largest number below a half must not be pushed over it.
  assert.equal(roundHalfToEven(0.49999999999999994), 0);
  assert.equal(roundHalfToEven(2 ** 52 + 1), 2 ** 52 + 1);
});
