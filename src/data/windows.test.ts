/** @file Tests of action windows: clamping, masks, strides and rates. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainWindow, windowAt, windowAtRate } from './windows.ts';

const column = Float32Array.from([0, 100, 1, 101, 2, 102, 3, 103, 4, 104]);

test('a window repeats the last frame behind the end and marks it', () => {
  const { values, isPad } = windowAt(column, 2, 3, plainWindow(4));
  assert.deepEqual([...values], [3, 103, 4, 104, 4, 104, 4, 104]);
  assert.deepEqual([...isPad], [0, 0, 1, 1]);
});

test('a stride picks frames of the lower rate', () => {
  const spec = windowAtRate(3, 30, 15, 'nearest');
  assert.equal(spec.stride, 2);
  const { values, isPad } = windowAt(column, 2, 1, spec);
  assert.deepEqual([...values], [1, 101, 3, 103, 4, 104]);
  assert.deepEqual([...isPad], [0, 0, 1]);
});

test('a broken ratio takes the nearest frame or the line between two', () => {
  const nearest = windowAt(column, 2, 0, windowAtRate(3, 30, 20, 'nearest'));
  assert.deepEqual([...nearest.values], [0, 100, 2, 102, 3, 103]);
  const linear = windowAt(column, 2, 0, windowAtRate(4, 30, 20, 'linear'));
  assert.deepEqual([...linear.values], [0, 100, 1.5, 101.5, 3, 103, 4, 104]);
  assert.deepEqual([...linear.isPad], [0, 0, 0, 1]);
});

test('three rows at a third of the rate reach exactly the last frame without padding', () => {
  const long = Float32Array.from({ length: 10 }, (_, i) => i);
  const { values, isPad } = windowAt(long, 1, 0, windowAtRate(4, 30, 10, 'linear'));
  assert.deepEqual([...values], [0, 3, 6, 9]);
  assert.deepEqual([...isPad], [0, 0, 0, 0]);
  assert.throws(() => windowAtRate(4, 10, 20, 'nearest'), { code: 'bad-argument' });
});
