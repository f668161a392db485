/** @file The learning-rate schedule has the values of its formula, at the joints above all. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSchedule, emaDecayAt, learningRateAt } from './schedule.ts';

const config = { learningRate: 2e-3, warmupSteps: 100, finalFraction: 0.1 };

test('the warm-up rises linearly and reaches the peak on its last step', () => {
  assert.equal(learningRateAt(config, 0, 1100), 2e-5);
  assert.equal(learningRateAt(config, 49, 1100), 1e-3);
  assert.equal(learningRateAt(config, 99, 1100), 2e-3);
});

test('the cosine starts at the peak, halves its range midway and ends at the final fraction', () => {
  assert.equal(learningRateAt(config, 100, 1100), 2e-3);
  assert.ok(Math.abs(learningRateAt(config, 600, 1100) - 2e-3 * 0.55) < 1e-12);
  assert.ok(Math.abs(learningRateAt(config, 1100, 1100) - 2e-4) < 1e-12);
  assert.ok(Math.abs(learningRateAt(config, 350, 1100) - 2e-3 * (0.1 + 0.45 * (1 + Math.SQRT1_2))) < 1e-12);
});

test('a run without warm-up starts at the peak', () => {
  assert.equal(learningRateAt({ ...config, warmupSteps: 0 }, 0, 10), 2e-3);
});

test('the averaging decay starts low and is capped', () => {
  assert.equal(emaDecayAt(0.998, 0), 0.1);
  assert.equal(emaDecayAt(0.998, 90), 0.91);
  assert.equal(emaDecayAt(0.998, 1e6), 0.998);
});

test('a schedule that cannot work is refused by name', () => {
  assert.throws(
    () => checkSchedule({ ...config, learningRate: -1 }, 1100),
    /schedule\.learningRate: expected a positive/,
  );
  assert.throws(() => checkSchedule({ ...config, learningRate: Number.NaN }, 1100), /learningRate/);
  assert.throws(() => checkSchedule(config, 100), /schedule\.warmupSteps: expected 0 to less than the 100 steps/);
  assert.throws(() => checkSchedule({ ...config, finalFraction: 2 }, 1100), /finalFraction/);
  checkSchedule(config, 1100);
});
