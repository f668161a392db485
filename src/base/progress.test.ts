/** @file Progress: what a terminal shows, what a log gets, and how durations read. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { formatSeconds, startProgress, withProgressListener } from './progress.ts';

function record(isTTY: boolean): {
  text: () => string;
  stream: { write(text: string): void; isTTY: boolean; columns: number };
} {
  let all = '';
  return { text: () => all, stream: { write: (text) => void (all += text), isTTY, columns: 100 } };
}

test('a log gets a line now and then, and a closing one', () => {
  const { stream, text } = record(false);
  let now = 0;
  const bar = startProgress({ label: 'record', total: 40, unit: 'episodes', stream, now: () => now });
  for (let done = 1; done <= 40; done++) {
    now += 1000;
    bar.update(done, done === 11 ? 'lift' : '');
  }
  bar.finish();
  assert.deepEqual(text().split('\n'), [
    'record     █░░░░░░░░░░░░░░░░░░░░░░░   3 %  1/40 episodes, 1.0/s, 39 s left',
    'record     ███████░░░░░░░░░░░░░░░░░  28 %  11/40 episodes, 1.0/s, 29 s left  lift',
    'record     █████████████░░░░░░░░░░░  53 %  21/40 episodes, 1.0/s, 19 s left',
    'record     ███████████████████░░░░░  78 %  31/40 episodes, 1.0/s, 9 s left',
    'record     40 episodes in 40 s',
    '',
  ]);
});

test('the first unit is shown at once, also right after a line that said none', () => {
  const { stream, text } = record(false);
  const bar = startProgress({ label: 'evaluate', total: 9, unit: 'episodes', stream, now: () => 1000 });
  for (const done of [0, 1, 2]) bar.update(done);
  assert.deepEqual(text().match(/\d\/9/g), ['0/9', '1/9']);
});

test('a terminal gets one line that is drawn again', () => {
  const { stream, text } = record(true);
  let now = 0;
  const bar = startProgress({ label: 'train', total: 10, unit: 'steps', stream, now: () => (now += 200) });
  bar.update(5);
  bar.finish('loss 0.1');
  assert.equal(text().split('\n').length, 2);
  const redraw = '\r\u001b[2K';
  const [nothing, first, last, ...more] = text().split(redraw);
  assert.deepEqual([nothing, more], ['', []]);
  assert.match(first!, /^train .* 50 %  5\/10 steps, /);
  assert.equal(last, 'train      loss 0.1 in 1 s\n');
});

test('durations', () => {
  assert.deepEqual([0.4, 59, 61, 3599.6, 7320, Infinity].map(formatSeconds), [
    '0 s',
    '59 s',
    '1 min 01 s',
    '1 h 00 min',
    '2 h 02 min',
    '–',
  ]);
});

test('work of an earlier process fills the bar but not the rate', () => {
  const { stream, text } = record(false);
  let now = 0;
  const options = { label: 'train', total: 100, unit: 'steps', alreadyDone: 50, stream, now: () => now };
  const bar = startProgress(options);
  now = 2000;
  bar.update(51);
  assert.match(text(), / 51 % {2}51\/100 steps, 0\.50\/s, 1 min 38 s left/);
});

test('a listener hears what would be drawn, until its work ends', async () => {
  const heard: string[] = [];
  await withProgressListener(
    ({ label, done, total, unit, note }) => heard.push(`${label} ${done}/${total} ${unit} ${note}`),
    async () => {
      const progress = startProgress({ label: 'train', total: 9, unit: 'steps', alreadyDone: 3 });
      progress.update(4, 'loss 1');
      const lines: string[] = [];
      startProgress({ label: 'own', total: 1, unit: 'x', stream: { write: (text) => lines.push(text) } }).finish();
      assert.equal(lines.length, 1, 'a stream of its own is written to');
      await assert.rejects(
        withProgressListener(
          () => undefined,
          () => Promise.reject(new Error('inner')),
        ),
        /inner/,
      );
      progress.finish('whole');
    },
  );
  assert.deepEqual(heard, ['train 3/9 steps ', 'train 4/9 steps loss 1', 'train 4/9 steps ']);
  const lines: string[] = [];
  startProgress({ label: 'after', total: 1, unit: 'x', stream: { write: (text) => lines.push(text) } }).finish();
  assert.equal(lines.length, 1);
});
