/** @file `vlakit benchmark` with a small policy of one's own that cannot play some episodes, or none: what becomes of them, of the run and of its numbers. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {
  assertFine,
  assertOneError,
  filesBelow,
  scratchFolder,
  vlakit,
  type Ended,
} from '../../tests/processes/vlakit.ts';
import { readResult, type EvaluationResult } from '../benchmarks/result.ts';

const folder = scratchFolder('refusals');
test.after(() => fs.rmSync(folder, { recursive: true }));

const EPISODES = 4;
/** The instructions of its data are that long; some of the held-out ones are longer. */
const ROOM = ['--set', 'codec.instructionTokens=7'];
const SHORT = ['--set', 'loop.steps=3', '--set', 'schedule.warmupSteps=1', '--set', 'data.workers=1', ...ROOM];

test.before(async () => {
  assertFine(await vlakit(['record', 'debug', '--set', 'record.episodes=3'], { cwd: folder }));
  assertFine(await vlakit(['train', 'debug', ...SHORT], { cwd: folder }));
});

function benchmark(policy: string, out: string, ...more: readonly string[]): Promise<Ended> {
  const args = ['--policy', policy, '--tasks', 'touch', '--episodes', String(EPISODES), '--no-films', '--out', out];
  return vlakit(['benchmark', 'tabletop', ...args, ...more], { cwd: folder });
}

const resultIn = (out: string, name = 'evaluation-tabletop'): EvaluationResult =>
  readResult(path.join(folder, out, `${name}.json`));

test('an instruction for which the policy has no room breaks its episode, not the run', async () => {
  const ended = await benchmark('runs/debug', 'lost', '--degradation');
  assert.equal(ended.code, 3, ended.err);
  const { broken = [], episodes, rows, degradation } = resultIn('lost');
  assert.ok(broken.length > 0 && broken.length < EPISODES, `${broken.length} of ${EPISODES}`);
  for (const { condition, code, reason, attempts } of broken) {
    assert.deepEqual([condition, code, attempts], ['held-out', 'mismatch', 1], 'it is not tried again');
    assert.match(reason, /^Policy ".*" in touch, seed \d+, tick 0: instruction: expected at most 7 tokens, got 8/);
  }
  const valid = EPISODES - broken.length;
  const row = rows.find(({ condition, task }) => condition === 'held-out' && task === 'all')!;
  assert.equal(row.episodes, valid, 'they count nowhere');
  assert.equal(degradation!.find(({ condition }) => condition === 'held-out')!.pairs, valid);
  assert.equal(
    episodes.filter(({ condition }) => condition !== 'held-out').length,
    5 * EPISODES,
    'all others are whole',
  );
  assert.match(
    ended.out,
    new RegExp(`${broken.length} broken, which count nowhere \\(held-out ${broken.length}; touch`),
  );
  assert.match(ended.out, new RegExp(`^ {2}${broken.length} × instruction: expected at most 7 tokens, got 8`, 'm'));
  assert.match(ended.out, new RegExp(`^held-out .* ${valid} +0 +0 +${broken.length} {2}`, 'm'));
});

test('the same with latency, and stop ends the run at the first', async () => {
  const [late, stopped] = await Promise.all([
    benchmark('runs/debug', 'late', '--conditions', 'held-out', '--latency', '0'),
    benchmark('runs/debug', 'stopped', '--conditions', 'held-out', '--on-error', 'stop', '--workers', '1'),
  ]);
  assert.equal(late.code, 3, late.err);
  const { broken = [] } = resultIn('late', 'evaluation-tabletop-latency-synchronous-0ms');
  const { broken: plain = [] } = resultIn('lost');
  assert.deepEqual(
    broken.map(({ seed, code }) => [seed, code]),
    plain.map(({ seed, code }) => [seed, code]),
  );
  assertOneError(stopped, 'mismatch', /instruction: expected at most 7 tokens, got 8/);
});

test('actions that are NaN break episodes until there are too many in a row', async () => {
  fs.cpSync(path.join(folder, 'runs', 'debug'), path.join(folder, 'runs', 'nan'), { recursive: true });
  for (const file of filesBelow(path.join(folder, 'runs', 'nan'))) {
    const at = path.join(folder, 'runs', 'nan', file);
    if (file.endsWith('hashes.json')) fs.rmSync(at);
    if (!file.endsWith('model.safetensors')) continue;
    const bytes = fs.readFileSync(at);
    // 8.5e37 each: finite, as a checkpoint’s weights must be, and their products are not.
    bytes.fill(0x7e, 8 + Number(bytes.readBigUInt64LE(0)));
    fs.writeFileSync(at, bytes);
  }
  const few = await benchmark('runs/nan', 'nan');
  assert.equal(few.code, 3, few.err);
  const { broken = [], episodes } = resultIn('nan');
  assert.equal(episodes.length, 0);
  assert.deepEqual(
    broken.map(({ code, attempts }) => [code, attempts]),
    Array.from({ length: EPISODES }, () => ['not-finite', 3]),
  );
  const many = await benchmark('runs/nan', 'many', '--conditions', 'base,held-out', '--on-error', 'continue');
  assertOneError(
    many,
    'io',
    /got 5 in a row that cannot; the last: .* decoded action: expected finite numbers, got NaN/,
  );
});
