/** @file Student's t against closed forms and published tables. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { studentQuantile } from './student-t.ts';
import { Z_95 } from './statistics.ts';

test('one and two degrees of freedom have closed forms', () => {
  for (const level of [0.1, 0.5, 0.9, 0.95, 0.99]) {
    assert.ok(Math.abs(studentQuantile(level, 1) / Math.tan((Math.PI * level) / 2) - 1) < 1e-4, `${level}, 1`);
    const two = level * Math.sqrt(2 / (1 - level * level));
    assert.ok(Math.abs(studentQuantile(level, 2) / two - 1) < 1e-4, `${level}, 2`);
  }
});

test('the table of Abramowitz and Stegun (26.10), and the normal distribution in the limit', () => {
  for (const [degrees, t] of [
    [3, 3.182],
    [4, 2.776],
    [10, 2.228],
    [30, 2.042],
    [120, 1.98],
  ] as const) {
    assert.equal(studentQuantile(0.95, degrees).toFixed(3), t.toFixed(3), `${degrees}`);
  }
  assert.ok(Math.abs(studentQuantile(0.95, 1e9) - Z_95) < 1e-3);
  const between = studentQuantile(0.95, 2.5);
  assert.ok(between < studentQuantile(0.95, 2) && between > studentQuantile(0.95, 3));
});

test('levels and degrees that cannot be are refused', () => {
  assert.throws(() => studentQuantile(0.95, 0.5), { code: 'bad-argument' });
  assert.throws(() => studentQuantile(1, 5), { code: 'bad-argument' });
});
