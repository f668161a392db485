/** @file Conditions, seeds and the plan of episodes. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import {
  FIRST_EVALUATION_SEED,
  allConditions,
  chooseConditions,
  chooseTasks,
  planEpisodes,
  unseenSeed,
} from './protocol.ts';

test('seeds of evaluations are apart from those of training', () => {
  assert.equal(unseenSeed(7), FIRST_EVALUATION_SEED + 7);
  assert.equal(unseenSeed(FIRST_EVALUATION_SEED + 7), FIRST_EVALUATION_SEED + 7);
  assert.throws(() => unseenSeed(-1), VlaError);
  assert.throws(() => unseenSeed(1.5), VlaError);
});

test('the plan holds every condition, seed and task once, tasks taking turns', () => {
  const conditions = chooseConditions(['base', 'other', 'camera', 'held-out'], ['camera']);
  const plan = planEpisodes({ tasks: ['lift', 'push'], conditions, episodes: 3, firstSeed: 100 });
  assert.deepEqual(
    plan.map(({ index }) => index),
    [...plan.keys()],
  );
  assert.deepEqual(
    plan.slice(0, 4).map(({ spec }) => spec),
    [
      { task: 'lift', seed: 100 },
      { task: 'push', seed: 100 },
      { task: 'lift', seed: 101 },
      { task: 'push', seed: 101 },
    ],
  );
  assert.deepEqual(
    [6, 12, 18].map((i) => plan[i]!.spec),
    [
      { task: 'lift', seed: 100, instructionTarget: 'other' },
      { task: 'lift', seed: 100, perturbation: 'camera' },
      { task: 'lift', seed: 100, phrasing: 'held-out' },
    ],
  );
  assert.equal(new Set(plan.map(({ spec }) => JSON.stringify(spec))).size, 24);
  assert.equal(plan[0]!.noiseSeed, plan[6]!.noiseSeed, 'conditions compare in pairs');
  assert.notEqual(plan[0]!.noiseSeed, plan[2]!.noiseSeed);
});

test('shuffling gives each episode the instruction of another one, each used once', () => {
  for (const episodes of [1, 2, 5]) {
    const conditions = chooseConditions(['shuffled'], []);
    const plan = planEpisodes({ tasks: ['lift', 'push'], conditions, episodes, firstSeed: 5 });
    const sources = plan.map(({ instructionOf }) => JSON.stringify(instructionOf));
    assert.equal(new Set(sources).size, plan.length);
    for (const { spec, instructionOf } of plan) assert.notDeepEqual(instructionOf, spec);
  }
});

test('one episode alone cannot be given the instruction of another', () => {
  const one = { tasks: ['lift'], episodes: 1, firstSeed: 5 };
  assert.throws(
    () => planEpisodes({ ...one, conditions: chooseConditions(['all'], []) }),
    /condition "shuffled": expected at least 2 episodes, got 1/,
  );
  assert.equal(planEpisodes({ ...one, conditions: chooseConditions(['base'], []) }).length, 1);
});

test('seeds that are not told apart are refused', () => {
  const plan = { tasks: ['lift'], conditions: chooseConditions(['base'], []), episodes: 3 };
  const seeds = planEpisodes({ ...plan, firstSeed: 2 ** 53 - 3 }).map(({ spec }) => spec.seed);
  assert.equal(new Set(seeds).size, 3);
  assert.throws(() => planEpisodes({ ...plan, firstSeed: 2 ** 53 - 2 }), /expected 3 seeds below 2⁵³/);
});

test('names are looked up, with the nearest suggested', () => {
  assert.deepEqual(
    chooseConditions(['all'], ['dim']).map(({ name }) => name),
    ['base', 'other', 'shuffled', 'held-out', 'dim'],
  );
  assert.equal(allConditions([]).filter(({ wantsSuccess }) => !wantsSuccess).length, 2);
  assert.deepEqual(chooseTasks(['push', 'lift', 'push'], ['lift', 'push', 'touch']), ['lift', 'push']);
  assert.deepEqual(chooseTasks(['all'], ['lift', 'push']), ['lift', 'push']);
  assert.throws(() => chooseTasks(['lfit'], ['lift']), { hint: 'Did you mean "lift"?' });
  assert.throws(() => chooseConditions(['shuffle'], []), { hint: 'Did you mean "shuffled"?' });
});
