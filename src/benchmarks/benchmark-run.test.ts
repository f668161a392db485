/** @file Benchmarks in parts: a journal that is gone on with, shards that are merged, and what is refused. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { FlatlandPolicyOptions } from '../../tests/flatland/flatland-policy.ts';
import { EpisodeJournal, readJournal } from './episode-journal.ts';
import { evaluate, type BenchmarkRun, type EvaluateOptions, type Evaluation } from './evaluate.ts';
import { mergeJournals, versionWarnings } from './merge.ts';
import type { EvaluationResult } from './result.ts';
import type { RunHead } from './run-head.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-benchmark-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const RUN = { created: '2026-01-01T00:00:00Z', command: 'vlakit benchmark', versions: { vlakit: '1' } };

function optionsOf(
  file: string,
  run: Partial<BenchmarkRun> = {},
  policy: Partial<FlatlandPolicyOptions> = {},
): EvaluateOptions {
  return {
    environment: {
      module: workerUrl(import.meta.url, '../../tests/flatland/flatland').href,
      options: { imageSize: 24 },
    },
    policy: {
      module: workerUrl(import.meta.url, '../../tests/flatland/flatland-policy').href,
      options: { horizon: 4, noise: 1.5, fault: null, cameraName: null, ...policy },
    },
    tasks: ['all'],
    conditions: ['base', 'shuffled', 'wind'],
    episodes: 4,
    firstSeed: 1_000_000_000,
    execute: 2,
    workers: 2,
    inferenceTimeoutMs: null,
    policyName: null,
    film: null,
    command: '',
    checkpoint: null,
    benchmark: {
      name: 'flatland',
      text: 'Flat.',
      settings: { imageSize: 24 },
      conditions: ['base', 'held-out'],
      shard: null,
      failures: { onError: 'retry', attempts: 2, inARow: 3 },
      openLog: (head) => EpisodeJournal.open(file, head, RUN),
      ...run,
    },
  };
}

const play = (file: string, run: Partial<BenchmarkRun> = {}): Promise<Evaluation> => evaluate(optionsOf(file, run));

/** All that must repeat. */
function numbers({ episodes, rows, protocol, benchmark, partial }: EvaluationResult): unknown {
  const shard = { ...benchmark, shard: null };
  return { episodes: episodes.map((one) => ({ ...one, timing: null })), rows, protocol, shard, partial };
}

const whole = path.join(folder, 'whole.jsonl');
const undisturbed = play(whole);

test('a task is played to its end before the next, in every condition', async () => {
  const { result } = await undisturbed;
  const tasks = result.episodes.filter(({ condition }) => condition === 'base').map(({ task }) => task);
  assert.deepEqual(tasks, [...Array<string>(4).fill('touch'), ...Array<string>(4).fill('stay')]);
  assert.deepEqual(
    result.episodes.map(({ index }) => index),
    [...Array(24).keys()],
  );
  assert.match(result.benchmark!.hash, /^[0-9a-f]{64}$/);
});

test('shards of any number, merged in any order, are the whole', async () => {
  const { result } = await undisturbed;
  const files = [1, 2, 3].map((index) => path.join(folder, `shard-${index}.jsonl`));
  for (const [i, file] of files.entries()) {
    const shard = await play(file, { shard: { index: i + 1, count: 3 } });
    assert.equal(shard.result.planned, 8);
    assert.equal(shard.result.partial, false);
  }
  assert.deepEqual(numbers(mergeJournals([...files].reverse(), '')), numbers(result));
  assert.equal(mergeJournals([...files, files[0]!], '').warnings.length, 0, 'the same twice changes nothing');
  const two = mergeJournals(files.slice(0, 2), '');
  assert.deepEqual([two.partial, two.episodes.length, two.planned], [true, 16, 24]);
});

test('a journal that ends anywhere is gone on with, to the same result', async () => {
  const { result } = await undisturbed;
  const bytes = fs.readFileSync(whole);
  const lines = bytes.toString().split('\n');
  const at = (line: number, more: number): number => Buffer.byteLength(lines.slice(0, line).join('\n')) + 1 + more;
  // In the middle of the head; right behind the head; behind three episodes; in the middle of the fifth; before the last line's end.
  const ends = [40, at(1, 0), at(5, 0), at(6, 100), bytes.length - 1];
  for (const [i, end] of ends.entries()) {
    const file = path.join(folder, `cut-${i}.jsonl`);
    fs.writeFileSync(file, bytes.subarray(0, end));
    const before = i === 0 ? 0 : readJournal(file).finished.size;
    assert.equal(before, [0, 0, 3, 4, 23][i]);
    const played: number[] = [];
    const again = await evaluate({ ...optionsOf(file), onProgress: (done) => played.push(done) });
    assert.equal(played[0], before, 'what is finished is not played again');
    assert.deepEqual(numbers(again.result), numbers(result));
    assert.deepEqual(numbers(mergeJournals([file], '')), numbers(result), 'and the journal holds all of it');
  }
});

test('a stopped run keeps what it finished, and goes on', async () => {
  const { result } = await undisturbed;
  const file = path.join(folder, 'stopped.jsonl');
  const stop = new AbortController();
  const first = await evaluate({
    ...optionsOf(file),
    signal: stop.signal,
    onProgress: (done) => done >= 5 && stop.abort(),
  });
  assert.ok(first.result.partial && first.result.episodes.length < 24);
  assert.equal(readJournal(file).finished.size, first.result.episodes.length);
  assert.deepEqual(numbers((await play(file)).result), numbers(result));
  assert.equal(readJournal(file).runs.length, 2);
});

test('a journal of something else is refused with every difference', async () => {
  const file = path.join(folder, 'other.jsonl');
  fs.copyFileSync(whole, file);
  const options = optionsOf(file, { settings: { imageSize: 32 } });
  await assert.rejects(evaluate({ ...options, execute: 1, episodes: 5 }), (error: unknown) => {
    assert.ok(error instanceof VlaError && error.code === 'mismatch', String(error));
    assert.match(error.message, /expected settings\.imageSize 24, got 32; episodes 4, got 5; execute 2, got 1\./);
    return true;
  });
  assert.deepEqual(fs.readFileSync(file), fs.readFileSync(whole), 'and stays as it is');
  const { head } = readJournal(whole);
  const renamed: RunHead = { ...head, policy: { ...head.policy, name: 'another' } };
  const another = path.join(folder, 'another.jsonl');
  EpisodeJournal.open(another, renamed, RUN).close();
  assert.throws(() => mergeJournals([whole, another], ''), /expected policy "pixels", got "another"/);
});

test('a damaged line is an error that names it', () => {
  const lines = fs.readFileSync(whole, 'utf8').split('\n');
  for (const [at, line, expected] of [
    [0, '{}', /line 1: expected a head/],
    [3, '{"episode": {}}', /line 4: expected an episode/],
    [3, lines[3]!.slice(0, 50), /line 4: expected JSON/],
  ] as const) {
    const file = path.join(folder, 'damaged.jsonl');
    fs.writeFileSync(file, lines.with(at, line).join('\n'));
    assert.throws(() => readJournal(file), expected);
  }
});

test('episodes that two shards tell differently, and versions that differ, are warnings', () => {
  const lines = fs.readFileSync(whole, 'utf8').split('\n');
  const file = path.join(folder, 'differs.jsonl');
  const at = lines.findIndex((line) => line.includes('"index":7'));
  fs.writeFileSync(file, lines.with(at, lines[at]!.replace(/"actionsHash":"\w+"/, '"actionsHash":"0"')).join('\n'));
  assert.match(mergeJournals([whole, file], '').warnings.join(), /1 episodes were played twice and differ/);
  assert.deepEqual(versionWarnings([RUN, { versions: { vlakit: '2' } }, RUN]), [
    'Episodes were played with vlakit 1 and 2.',
  ]);
});
