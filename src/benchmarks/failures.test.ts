/** @file What becomes of episodes that cannot be finished. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import { FailureDesk, type FailureRules } from './failures.ts';
import { planEpisodes } from './protocol.ts';
import type { BrokenEpisode } from './result.ts';

const base = { name: 'base', meaning: '', change: {}, shuffled: false, wantsSuccess: true };
const plan = planEpisodes({ tasks: ['lift'], conditions: [base], episodes: 9, firstSeed: 0 });
const gone = new VlaError('io', 'the server went away', { hint: 'Start it.' });

function desk(onError: FailureRules['onError']): { desk: FailureDesk; broken: BrokenEpisode[] } {
  const broken: BrokenEpisode[] = [];
  return { desk: new FailureDesk({ onError, attempts: 3, inARow: 2 }, (one) => broken.push(one)), broken };
}

test('retry: an episode is begun three times and then left, with its reason', () => {
  const { desk: retrying, broken } = desk('retry');
  assert.deepEqual(
    [1, 2, 3].map(() => retrying.failed(plan[4]!, gone)),
    ['again', 'again', 'leave'],
  );
  assert.equal(broken.length, 1);
  const { index, task, seed, attempts, code, reason } = broken[0]!;
  assert.deepEqual([index, task, seed, attempts, code, reason], [4, 'lift', 4, 3, 'io', 'the server went away']);
  assert.equal(retrying.stopped, null);
});

test('continue leaves it at once, and stop ends the run', () => {
  assert.equal(desk('continue').desk.failed(plan[0]!, gone), 'leave');
  const { desk: stopping, broken } = desk('stop');
  assert.throws(() => stopping.failed(plan[0]!, gone), gone);
  assert.equal(stopping.stopped, gone);
  assert.equal(broken.length, 1);
});

test('too many in a row end the run; one that is finished between them begins the count anew', () => {
  const { desk: counting } = desk('continue');
  counting.failed(plan[0]!, gone);
  counting.succeeded();
  counting.failed(plan[1]!, gone);
  assert.throws(() => counting.failed(plan[2]!, gone), /got 2 in a row that cannot; the last: the server went away/);
  assert.ok(counting.stopped instanceof VlaError);
});

test('what waiting does not change ends the run at once, and is marked nowhere', () => {
  const { desk: refusing, broken } = desk('retry');
  const wrong = new VlaError('bad-argument', 'expected to execute 1 to 4 actions', { hint: 'Choose.' });
  assert.throws(() => refusing.failed(plan[0]!, wrong), wrong);
  assert.deepEqual(broken, []);
});

test('a mistake of vlakit’s own ends the run, and is marked nowhere', () => {
  const { desk: refusing, broken } = desk('continue');
  const bug = new TypeError('undefined is not a function');
  assert.throws(() => refusing.failed(plan[0]!, bug), bug);
  assert.equal(refusing.stopped, bug);
  assert.deepEqual(broken, []);
});

test('episodes that are nothing for the policy are left at once, however many, and stop ends the run at the first', () => {
  const { desk: going, broken } = desk('retry');
  const long = new VlaError('mismatch', 'the instruction is too long', { hint: 'Say it shorter.' });
  for (const one of plan) assert.equal(going.failed(one, long), 'leave');
  assert.deepEqual(
    broken.map(({ attempts }) => attempts),
    plan.map(() => 1),
  );
  assert.throws(() => desk('stop').desk.failed(plan[0]!, long), long);
});
