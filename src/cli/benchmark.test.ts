/** @file `vlakit benchmark` as a process: killed and gone on with, in shards, merged; mistakes. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { assertFine, assertOneError, scratchFolder, vlakit as run, type Ended } from '../../tests/processes/vlakit.ts';
import { readResult, type EvaluationResult } from '../benchmarks/result.ts';

const folder = scratchFolder('benchmark');
test.after(() => fs.rmSync(folder, { recursive: true }));

const EPISODES = 8;
const EXPERT = ['--policy', 'expert', '--tasks', 'touch', '--image-size', '16', '--no-films'];

const benchmark = (args: readonly string[], killAt?: RegExp): Promise<Ended> =>
  run(['benchmark', ...args], { cwd: folder, ...(killAt === undefined ? {} : { killAt }) });
const tabletop = (out: string, args: readonly string[] = [], killAt?: RegExp): Promise<Ended> =>
  benchmark(['tabletop', ...EXPERT, '--episodes', String(EPISODES), '--out', out, ...args], killAt);
const resultIn = (out: string, name = 'evaluation-tabletop'): EvaluationResult =>
  readResult(path.join(folder, out, `${name}.json`));
const numbers = ({ episodes, rows, protocol }: EvaluationResult): unknown => ({
  episodes: episodes.map((one) => ({ ...one, timing: null })),
  rows,
  protocol,
});

test('a run that was killed is gone on with by the same command, to the same result; shards merge to it', async () => {
  const [whole, killed, ...shards] = await Promise.all([
    tabletop('whole'),
    tabletop('killed', ['--workers', '1'], /[1-9]\d*\/8 episodes/),
    tabletop('a', ['--shard', '1/2', '--workers', '1']),
    tabletop('b', ['--shard', '2/2', '--workers', '1']),
  ]);
  for (const ended of [whole, ...shards]) assertFine(ended);
  assert.match(whole.out, /^tabletop: .*^base +touch +8\/8 +100\.0 %/ms);
  assert.equal(killed.code, null, 'killed');
  assert.ok(!fs.existsSync(path.join(folder, 'killed/evaluation-tabletop.json')));
  const journal = path.join(folder, 'killed/evaluation-tabletop.journal/episodes.jsonl');
  const before = fs.readFileSync(journal, 'utf8').match(/^\{"episode"/gm)!.length;
  assert.ok(before > 0 && before <= EPISODES);
  const again = await tabletop('killed');
  assertFine(again);
  assert.match(again.err, new RegExp(`${before}/8 episodes`), 'what is finished is not played again');
  assert.deepEqual(numbers(resultIn('killed')), numbers(resultIn('whole')));
  const merged = await benchmark(['merge', 'a', 'b', '--out', 'merged']);
  assertFine(merged);
  assert.match(merged.out, /8 of 8 episodes/);
  assert.deepEqual(numbers(resultIn('merged')), numbers(resultIn('whole')));
  const { benchmark: identity } = resultIn('a', 'evaluation-tabletop-1-of-2');
  assert.deepEqual(identity!.shard, { index: 1, count: 2 });
  assert.equal(identity!.hash, resultIn('whole').benchmark!.hash);
  const part = await benchmark(['merge', 'a', '--out', 'part', '--json']);
  assertOneError(part, 'not-found', /expected whole results, got parts: evaluation-tabletop has 4 of 8 episodes/);
  assert.equal((JSON.parse(part.out) as EvaluationResult).partial, true);
  // One more task is another protocol; what is there stays.
  const other = await benchmark(['tabletop', ...EXPERT, '--episodes', '2', '--out', 'whole']);
  assertOneError(other, 'mismatch', /expected episodes 8, got 2\.\nhint: .*--fresh/);
  const fresh = await benchmark(['tabletop', ...EXPERT, '--episodes', '2', '--out', 'whole', '--fresh']);
  assertFine(fresh);
  assert.equal(resultIn('whole').episodes.length, 2);
});

test('degradation and latency are one command each', async () => {
  const args = ['tabletop', ...EXPERT, '--episodes', '2', '--workers', '1'];
  const [lost, late] = await Promise.all([
    benchmark([...args, '--degradation', '--out', 'lost']),
    benchmark([...args, '--latency', '0,100', '--strategy', 'synchronous', '--out', 'late']),
  ]);
  assertFine(lost);
  assert.match(lost.out, /^condition +base +changed +points +95 % interval/m);
  assert.match(lost.out, /^moved-camera +100\.0 % +100\.0 % +0\.0/m);
  assert.equal(resultIn('lost').degradation!.filter(({ task }) => task === 'all').length, 5);
  assertFine(late);
  assert.match(late.out, /^synchronous +0 ms +2\/2 +100\.0 %.*0\.0 %/m);
  assert.match(late.out, /^synchronous +100 ms +\d\/2/m);
  const plain = resultIn('lost').episodes.filter(({ condition }) => condition === 'base');
  const paced = resultIn('late', 'evaluation-tabletop-latency-synchronous-0ms').episodes;
  assert.deepEqual(
    paced.map(({ outcome, length, actionsHash }) => ({ outcome, length, actionsHash })),
    plain.map(({ outcome, length, actionsHash }) => ({ outcome, length, actionsHash })),
  );
  assert.match(fs.readFileSync(path.join(folder, 'late/evaluation-tabletop-latency.svg'), 'utf8'), /^<svg/);
  const again = await benchmark([...args, '--latency', '0,100', '--out', 'late']);
  assert.match(again.err, /2\/2 episodes.*\n.*2\/2 episodes/s, 'all is finished already');
});

test('mistakes are one clear error before anything is played', async () => {
  fs.mkdirSync(path.join(folder, 'empty'), { recursive: true });
  const cases: readonly [readonly string[], Parameters<typeof assertOneError>[1], RegExp][] = [
    [['tabletpo', ...EXPERT], 'not-found', /benchmark: .*\nhint: Did you mean "tabletop"\?/],
    [['tabletop'], 'bad-argument', /benchmark: expected --policy, got none/],
    [['tabletop', ...EXPERT, '--shard', '3/2'], 'bad-argument', /--shard: expected i\/n/],
    [['tabletop', ...EXPERT, '--conditions', 'moved-camra'], 'not-found', /Did you mean "moved-camera"\?/],
    [['tabletop', '--policy', 'runs/none'], 'not-found', /runs\/none: expected a checkpoint/],
    [['tabletop', ...EXPERT, '--strategy', 'synchronous'], 'bad-argument', /--strategy: expected --latency with it/],
    [['merge', 'nowhere'], 'not-found', /nowhere/],
    [['merge', 'empty'], 'not-found', /empty: expected a folder with journals of a benchmark, got none/],
  ];
  const ended = await Promise.all(cases.map(([args]) => benchmark(args)));
  for (const [i, [, code, message]] of cases.entries()) assertOneError(ended[i]!, code, message);
});
