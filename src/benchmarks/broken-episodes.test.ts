/** @file Policy servers that die, lie or keep silent in mid-episode: what becomes of the episode, the run and the numbers. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { workerUrl } from '../base/worker-url.ts';
import { remotePolicy } from '../serving/remote-policy.ts';
import { faultyServer, type ServerFault } from '../../tests/serving/faulty-openpi-server.ts';
import { EpisodeJournal, readJournal } from './episode-journal.ts';
import { evaluate, type EvaluateOptions, type Evaluation } from './evaluate.ts';
import type { FailureRules } from './failures.ts';
import type { EvaluationResult } from './result.ts';
import { resultTable } from './result-table.ts';
import { wilsonInterval } from './statistics.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-broken-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

const RUN = { created: '2026-01-01T00:00:00Z', command: '', versions: {} };
const EPISODES = 4;
const ANSWER_SECONDS = 1;
const PATIENCE = { connectSeconds: 20, answerSeconds: ANSWER_SECONDS, retries: 0, wholeEpisodes: true };

interface Choice {
  readonly onError?: FailureRules['onError'];
  readonly inARow?: number;
  readonly connectSeconds?: number;
  readonly file?: string;
  readonly policy?: EvaluateOptions['policy'];
  readonly timeoutMs?: number;
}

let runs = 0;

function play(address: string, choice: Choice = {}): Promise<Evaluation> {
  const { onError = 'retry', inARow = 5, file = path.join(folder, `${runs++}.jsonl`) } = choice;
  const connectSeconds = choice.connectSeconds ?? PATIENCE.connectSeconds;
  return evaluate({
    environment: {
      module: workerUrl(import.meta.url, '../../tests/flatland/flatland').href,
      options: { imageSize: 24 },
    },
    policy: choice.policy ?? remotePolicy(address, PATIENCE),
    tasks: ['touch'],
    conditions: ['base'],
    episodes: EPISODES,
    firstSeed: 1_000_000_000,
    execute: 2,
    workers: 1,
    inferenceTimeoutMs: choice.timeoutMs ?? null,
    // Ports differ.
    policyName: 'served',
    film: null,
    command: '',
    checkpoint: null,
    benchmark: {
      name: 'flatland',
      text: '',
      settings: {},
      conditions: ['base', 'held-out'],
      shard: null,
      failures: { onError, attempts: 3, inARow },
      policyAgain: choice.policy ?? remotePolicy(address, { ...PATIENCE, connectSeconds }),
      openLog: (head) => EpisodeJournal.open(file, head, RUN),
    },
  });
}

const numbers = ({ episodes, rows }: EvaluationResult): unknown => ({
  episodes: episodes.map((one) => ({ ...one, timing: null })),
  rows,
});

/** What a server without faults gives, and the question in the middle of the second episode. */
let undisturbed: Promise<{ result: EvaluationResult; middle: number }> | null = null;
async function expected(t: test.TestContext): Promise<{ result: EvaluationResult; middle: number }> {
  undisturbed ??= (async () => {
    const server = await faultyServer(t as never, {});
    const { result } = await play(server.address);
    const [first, second] = result.episodes as [EvaluationResult['episodes'][0], EvaluationResult['episodes'][0]];
    assert.equal(result.rows.at(-1)!.rate, 1);
    assert.ok(second.inferences >= 3, 'there is a middle');
    return { result, middle: first.inferences + 1 };
  })();
  return undisturbed;
}

const FAULTS: readonly [fault: ServerFault, code: string, reason: RegExp][] = [
  ['nan', 'not-finite', /expected finite actions/],
  ['infinite', 'not-finite', /expected finite actions/],
  ['wrong-shape', 'bad-shape', /expected "actions" of \[horizon, 2\], got \[2, 4\]/],
  ['no-actions', 'bad-shape', /expected "actions" of \[horizon, 2\], got none/],
  ['late', 'io', /no answer within 1 seconds/],
  ['hang-up', 'io', /the server ended the connection/],
  ['leave', 'io', /the server ended the connection/],
  ['error', 'unsupported', /the server failed: RuntimeError: CUDA out of memory/],
  ['garbage', 'bad-data', /.+/],
];

for (const [fault, code, reason] of FAULTS) {
  test(`${fault}: the episode is marked as broken, or played again, and never a failure of the policy`, async (t) => {
    const { result: whole, middle } = await expected(t);
    const left = await play((await faultyServer(t as never, { [middle]: fault })).address, { onError: 'continue' });
    assert.equal(left.stopped, null);
    const { broken = [], episodes, rows, partial } = left.result;
    assert.deepEqual(
      broken.map(({ index, task, attempts }) => [index, task, attempts]),
      [[1, 'touch', 1]],
    );
    assert.equal(broken[0]!.code, code, broken[0]!.reason);
    assert.match(broken[0]!.reason, reason);
    assert.equal(partial, false);
    assert.deepEqual(
      episodes.map(({ index }) => index),
      [0, 2, 3],
    );
    const { low, high, rate } = rows.at(-1)!;
    assert.deepEqual({ low, high, rate }, wilsonInterval(3, 3), 'rates are over valid episodes');
    const again = await play((await faultyServer(t as never, { [middle]: fault })).address);
    assert.equal(again.result.broken, undefined);
    assert.deepEqual(numbers(again.result), numbers(whole), 'from its beginning, as if nothing had been');
  });
}

test('a fault that stays is left after three attempts, the table says so, and the journal plays it again', async (t) => {
  const { result: whole, middle } = await expected(t);
  const file = path.join(folder, 'stays.jsonl');
  // The second question of the second episode in each of its attempts.
  const server = await faultyServer(t as never, { [middle]: 'nan', [middle + 2]: 'nan', [middle + 4]: 'nan' });
  const { result } = await play(server.address, { file });
  assert.deepEqual(
    result.broken!.map(({ index, attempts }) => [index, attempts]),
    [[1, 3]],
  );
  assert.match(resultTable(result, false), /3 of 4 episodes\n1 broken, which count nowhere \(touch 1\):\n {2}1 × /);
  assert.deepEqual([...readJournal(file).broken.keys()], [1]);
  const later = await play((await faultyServer(t as never, {})).address, { file });
  assert.deepEqual(numbers(later.result), numbers(whole));
  assert.deepEqual([...readJournal(file).broken.keys()], []);
});

test('stop ends the run at the first, with what is finished; the same command goes on', async (t) => {
  const { result: whole, middle } = await expected(t);
  const file = path.join(folder, 'stop.jsonl');
  const server = await faultyServer(t as never, { [middle]: 'wrong-shape' });
  const { result, stopped } = await play(server.address, { onError: 'stop', file });
  assert.match(stopped!.message, /got \[2, 4\]/);
  assert.deepEqual([result.partial, result.episodes.length, result.broken!.length], [true, 1, 1]);
  assert.deepEqual(numbers((await play(server.address, { file })).result), numbers(whole));
});

test('a server that always fails ends the run', async (t) => {
  const faults = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i, 'nan' as const]));
  const { stopped, result } = await play((await faultyServer(t as never, faults)).address, { inARow: 2 });
  assert.match(stopped!.message, /got 2 in a row that cannot/);
  assert.equal(result.broken!.length, 2);
  assert.equal(result.episodes.length, 0);
});

test('a server that went away is waited for; one that stays away ends the run, and nothing finished is lost', async (t) => {
  const { result: whole, middle } = await expected(t);
  const first = await faultyServer(t as never, { [middle]: 'late' });
  const port = Number(new URL(first.address).port);
  const returns = play(first.address);
  while (first.asked() <= middle) await new Promise((resolve) => setTimeout(resolve, 10));
  await first.close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await faultyServer(t as never, {}, { port });
  assert.deepEqual(numbers((await returns).result), numbers(whole));

  const file = path.join(folder, 'away.jsonl');
  const second = await faultyServer(t as never, { [middle]: 'late' });
  const stays = play(second.address, { file, connectSeconds: 1 });
  while (second.asked() <= middle) await new Promise((resolve) => setTimeout(resolve, 10));
  await second.close();
  const { stopped, result } = await stays;
  assert.match(stopped!.message, /policy ".*" failed and did not come back: .*cannot be reached/);
  assert.deepEqual([result.episodes.length, result.partial], [1, true]);
  const third = await faultyServer(t as never, {});
  assert.deepEqual(numbers((await play(third.address, { file })).result), numbers(whole));
});

test('a worker that dies or never answers is started anew', async (t) => {
  await expected(t);
  for (const kind of ['exit', 'block', 'hang', 'throw'] as const) {
    const policy = {
      module: workerUrl(import.meta.url, '../../tests/flatland/flatland-policy').href,
      options: { horizon: 4, noise: 0, fault: { kind, at: 1 }, cameraName: null },
    };
    const { result, stopped } = await play('', { policy, onError: 'continue', inARow: 9, timeoutMs: 500 });
    assert.equal(stopped, null);
    assert.deepEqual(
      result.broken!.map(({ index }) => index),
      [0, 1, 2, 3],
      kind,
    );
  }
});
