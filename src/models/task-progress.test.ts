/** @file The account of a task's progress: what was executed of a chunk counts, within 0 and 1. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { advanceProgress, openProgressAccount } from './task-progress.ts';

test('progress goes the executed share of the way to what was predicted, and stays within 0 and 1', () => {
  assert.equal(advanceProgress(0.2, 0.6, 5, 10), 0.4);
  assert.equal(advanceProgress(0.2, 0.6, 10, 10), 0.6);
  assert.equal(advanceProgress(0.6, 0.2, 5, 10), 0.4);
  assert.equal(advanceProgress(0.5, 2, 10, 10), 1);
  assert.equal(advanceProgress(0.5, -2, 5, 10), 0);
});

test('ticks say how much of a chunk was executed; without them all of it was', () => {
  const account = openProgressAccount();
  assert.equal(account.at(7), 0);
  account.note(7, 0.5, 10);
  assert.equal(account.at(7), 0);
  assert.equal(account.at(12), 0.25);
  assert.equal(account.at(100), 0.5);
  assert.equal(account.at(undefined), 0.5);
  account.note(12, 1, 10);
  assert.equal(account.at(14), 0.25 + 0.75 * 0.2);
  account.reset();
  assert.equal(account.at(14), 0);
});
