/** @file Advantages against their definition as a double sum (PyTorch), and the ends of episodes. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors } from '../../../tests/golden-tensors.ts';
import { estimateAdvantages, explainedVariance, normaliseAdvantages, type GaeStep } from './gae.ts';

const CONFIG = { discount: 0.99, lambda: 0.95 };

test('advantages over several episodes are the discounted sums of errors, and targets add the values', () => {
  const golden = goldenTensors('ppo');
  const of = (name: string): number[] => Array.from(golden[`gae.${name}`]!.data as Float32Array);
  const [rewards, values, nextValues, ends] = [of('rewards'), of('values'), of('nextValues'), of('ends')];
  const steps = rewards.map((reward, i): GaeStep => {
    return { reward, value: values[i]!, nextValue: nextValues[i]!, ends: ends[i] === 1 };
  });
  const { advantages, targets } = estimateAdvantages(steps, CONFIG);
  for (const [i, expected] of of('advantages').entries()) {
    assert.ok(Math.abs(advantages[i]! - expected) < 1e-6, `step ${i}: ${advantages[i]} instead of ${expected}`);
    assert.equal(targets[i], advantages[i]! + values[i]!);
  }
});

test('an episode that ended says nothing about the one before, and one that was cut off counts what was still to come', () => {
  const step = { reward: 0, value: 0.5, nextValue: 0.5, ends: false };
  const last = { ...step, reward: 1, nextValue: 0, ends: true };
  const alone = estimateAdvantages([last], CONFIG).advantages[0]!;
  assert.equal(alone, 0.5);
  const [first] = estimateAdvantages([{ ...step, nextValue: 0, ends: true }, last], CONFIG).advantages;
  assert.equal(first, -0.5, 'terminated: nothing comes after it');
  const [cut] = estimateAdvantages([{ ...step, nextValue: 0.5, ends: true }, last], CONFIG).advantages;
  assert.ok(Math.abs(cut! - (0.99 * 0.5 - 0.5)) < 1e-12, 'truncated: the value of what was cut off');
});

test('normalised advantages have mean 0 and standard deviation 1, and equal ones are 0', () => {
  const normal = normaliseAdvantages(Float64Array.of(1, 2, 3, 6));
  assert.ok(Math.abs(normal.reduce((a, b) => a + b)) < 1e-9);
  assert.ok(Math.abs(normal.reduce((a, b) => a + b * b, 0) / 4 - 1) < 1e-6);
  assert.deepEqual([...normaliseAdvantages(Float64Array.of(2, 2))], [0, 0]);
});

test('explained variance is 1 for a perfect critic, 0 for the mean, below 0 for a worse one', () => {
  assert.equal(explainedVariance([1, 2, 3], [1, 2, 3]), 1);
  assert.equal(explainedVariance([2, 2, 2], [1, 2, 3]), 0);
  assert.ok(explainedVariance([3, 2, 1], [1, 2, 3]) < 0);
});
