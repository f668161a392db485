/** @file Differences of a sweep by hand, and their narrowness beside two rates of seeds that differ. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { meanInterval, type SeedScores } from '../../benchmarks/seed-intervals.ts';
import { sweptName } from './plan.ts';
import { sweepDifferences } from './sweep-differences.ts';

const EPISODES = 12;

/** Seed s succeeds in the first 3 s + `more` episodes. */
function scores(more: number, seeds: readonly number[] = [1, 2, 3]): SeedScores {
  const keys = Array.from({ length: EPISODES }, (_, e) => `e${e}`);
  const values = seeds.map((seed) => keys.map((_, e) => (e < 3 * seed + more ? 1 : 0)));
  return { seeds, strata: keys.map(() => 'lift'), keys, values };
}

const sweep = { eulerSteps: [1, 5], execute: [2, 8] };

test('a setting is compared with the most steps and the fewest executed actions, averaged over the other axis', () => {
  const cells = new Map([
    [sweptName('success', 1, 2), scores(0)],
    [sweptName('success', 1, 8), scores(1)],
    [sweptName('success', 5, 2), scores(1)],
    [sweptName('success', 5, 8), scores(2)],
  ]);
  const rows = sweepDifferences(sweep, 'success', (name) => cells.get(name));
  assert.deepEqual(
    rows.map(({ axis, value, against }) => [axis, value, against]),
    [
      ['eulerSteps', 1, 5],
      ['execute', 8, 2],
    ],
  );
  assert.ok(Math.abs(rows[0]!.difference + 1 / EPISODES) < 1e-12);
  assert.ok(Math.abs(rows[1]!.difference - 1 / EPISODES) < 1e-12);
  const rate = meanInterval(scores(0));
  assert.ok(rows[0]!.high - rows[0]!.low < 0.5 * (rate.high - rate.low), 'narrower than a rate of seeds that differ');
});

test('what is missing, or was played by other seeds, is left out', () => {
  const lone = new Map([[sweptName('success', 1, 2), scores(0)]]);
  assert.deepEqual(
    sweepDifferences(sweep, 'success', (name) => lone.get(name)),
    [],
  );
  const mixed = (name: string): SeedScores => scores(0, name.includes('euler1-') ? [1, 2] : [1, 2, 3]);
  assert.deepEqual(sweepDifferences({ eulerSteps: [1, 5], execute: [2] }, 'success', mixed), []);
});
