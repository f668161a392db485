/** @file The bar of a study: what is left is told from the pace of jobs of the same kind. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTotalProgress } from './total-progress.ts';

test('the pace of finished jobs, and of the one under way, says how much time is left', () => {
  const lines: string[] = [];
  const jobs = [
    { pace: 'train', size: 100, guess: 1 },
    { pace: 'train', size: 300, guess: 1 },
    { pace: 'measure', size: 10, guess: 2 },
  ];
  let time = 0;
  const bar = startTotalProgress(jobs, {
    stream: { write: (text) => lines.push(text) },
    lineIntervalMs: 0,
    now: () => ++time,
  });
  bar.update(0, 0, 0, 'load', 'first');
  // Nothing is timed yet: 100 + 300 + 20 seconds by guess.
  assert.match(lines.at(-1)!, /^study +░+ +0 % {2}0\/3 jobs, 7 min 00 s left {2}load first\n$/);
  bar.update(0, 0.5, 20, 'train', '');
  // 20 seconds for a half: 20 more for this one; the others by guess.
  assert.match(lines.at(-1)!, / 6 % {2}0\/3 jobs, 5 min 40 s left {2}train \n$/);
  bar.done(0, 40);
  bar.update(1, 0, 0, 'train', '');
  // 40 seconds for 100: 120 for 300.
  assert.match(lines.at(-1)!, / 22 % {2}1\/3 jobs, 2 min 20 s left {2}train \n$/);
  bar.update(1, 1, 120, 'train', '');
  assert.match(lines.at(-1)!, / {2}1\/3 jobs, 20 s left {2}train \n$/);
  bar.done(1, null);
  bar.done(2, 30);
  bar.finish('done');
  assert.match(lines.at(-1)!, /^study +█+ 100 % {2}done\n$/);
});
