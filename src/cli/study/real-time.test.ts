/** @file Policies at the pace of their robot: without latency the plain closed loop, with latency what each strategy promises. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { scratchFolder } from '../../../tests/processes/vlakit.ts';
import { gentleExpert } from '../../../tests/real-time/gentle-expert.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import { builtInWorld } from '../../benchmarks/built-in-world.ts';
import { evaluate } from '../../benchmarks/evaluate.ts';
import { unseenSeed } from '../../benchmarks/protocol.ts';
import type { EpisodeRecord } from '../../benchmarks/result.ts';
import type { Measured, Series } from './measurement.ts';
import type { RealTimeConfig, StrategyChoice } from '../../../recipes/studies/measurement-config.ts';
import { realTime } from './real-time.ts';
import { realTimePlayer } from './real-time/player.ts';
import { realTimeSeries } from './real-time/series.ts';

const folder = scratchFolder('real-time');
test.after(() => fs.rmSync(folder, { recursive: true }));
/** Trained, chunks of eight actions. */
const CHECKPOINT = path.dirname(shippedFile('checkpoints/quickstart/config.json'));
const EPISODES = 2;
const EXECUTE = 4;

const BASE: RealTimeConfig = {
  kind: 'real-time',
  name: 'real-time',
  world: 'tabletop',
  tasks: ['touch'],
  episodes: EPISODES,
  firstSeed: 0,
  strategy: { kind: 'synchronous', execute: EXECUTE },
  latency: { seconds: 0, spread: 0 },
  continuation: null,
  eulerSteps: 2,
};

function measure(change: Partial<RealTimeConfig>, workers = 1): Promise<Measured> {
  const signal = new AbortController().signal;
  const context = { checkpoint: CHECKPOINT, folder, workers, command: '', signal, onProgress: () => {} };
  return realTime.measure({ ...BASE, ...change }, context);
}

function scores({ series }: Measured, name: string): readonly number[] {
  return series.find((one) => one.name === name)!.scores.map(({ value }) => value);
}

async function records(player: boolean): Promise<readonly EpisodeRecord[]> {
  const paced = realTimePlayer({ ...BASE, strategy: { kind: 'synchronous', execute: 1 } });
  const { result } = await evaluate({
    environment: builtInWorld({ world: 'tabletop', imageSize: 16 }),
    policy: gentleExpert(),
    ...(player ? { player: paced } : {}),
    tasks: ['touch', 'lift'],
    conditions: ['base'],
    episodes: EPISODES,
    firstSeed: unseenSeed(0),
    execute: 1,
    workers: 1,
    inferenceTimeoutMs: null,
    policyName: null,
    film: null,
    command: '',
    checkpoint: null,
  });
  return result.episodes;
}

test('without latency, synchronous execution is the plain closed loop, step by step, where the gate changes nothing', async () => {
  const [plain, paced] = [await records(false), await records(true)];
  // Not their actions to the last bit: the gate reckons in metres and back.
  const told = ({ outcome, length, inferences }: EpisodeRecord): unknown => ({ outcome, length, inferences });
  const same = paced.filter(({ metrics }) => metrics!['changed'] === 0);
  assert.ok(same.length > 1 && same.some(({ outcome }) => outcome === 'success'), JSON.stringify(paced));
  assert.deepEqual(
    same.map(told),
    same.map(({ index }) => told(plain[index]!)),
  );
});

test('latency makes a synchronous robot idle and an asynchronous one not; all repeats, whatever the threads', async () => {
  const latency = { seconds: 0.1, spread: 0.2 };
  const waiting = await measure({ latency });
  const again = await measure({ latency }, 2);
  assert.deepEqual(again.series, waiting.series);
  const strategy: StrategyChoice = { kind: 'naive-asynchronous', execute: EXECUTE };
  const going = await measure({ latency, strategy });
  assert.ok(Math.min(...scores(waiting, 'idle')) > Math.max(...scores(going, 'idle')));
  assert.ok(scores(waiting, 'seam').length === 0 && scores(going, 'seam').every((step) => step > 0));
  assert.ok(scores(going, 'jerk').every((jerk) => jerk > 0));
  assert.deepEqual(waiting.series[0]!.at, { axis: 'latency, ms', value: 100 });
  assert.ok(going.details['late']! > 0 && waiting.details['seconds']! > 0);
});

test('guided chunks join with smaller steps than those that jump in', async () => {
  const latency = { seconds: 0.1, spread: 0 };
  const naive = await measure({ latency, strategy: { kind: 'naive-asynchronous', execute: EXECUTE } });
  const guided = await measure({
    latency,
    strategy: { kind: 'continued', execute: EXECUTE },
    continuation: { kind: 'guided', maxWeight: 5, schedule: 'exponential' },
  });
  const [jumps, joins] = [naive, guided].map((one) => scores(one, 'seam').reduce((sum, step) => sum + step, 0));
  assert.ok(joins! < jumps!, `${joins} < ${jumps}`);
});

test('throughput is all successes over all time, and its scores spread as the ratio does', () => {
  const episode = (seed: number, success: boolean, seconds: number): EpisodeRecord =>
    ({
      task: 'touch',
      seed,
      outcome: success ? 'success' : 'timeout',
      metrics: { seconds },
    }) as unknown as EpisodeRecord;
  const played = [episode(1, true, 6), episode(2, true, 10), episode(3, false, 20), episode(4, true, 8)];
  const series = realTimeSeries(played, { axis: 'latency, ms', value: 0 });
  const { scores: found, unit } = series.find(({ name }) => name === 'throughput') as Series;
  assert.equal(unit, 'successes/min');
  const ratio = 3 / (44 / 60);
  assert.ok(Math.abs(found.reduce((sum, { value }) => sum + value, 0) / 4 - ratio) < 1e-12);
  // Leaving one episode out changes the ratio by about as much as its score lies off the mean, over the others.
  for (const [i, { value }] of found.entries()) {
    const rest = played.filter((_, j) => j !== i);
    const seconds = rest.reduce((sum, { metrics }) => sum + metrics!['seconds']!, 0);
    const without = rest.filter(({ outcome }) => outcome === 'success').length / (seconds / 60);
    assert.ok(Math.sign(ratio - without) === Math.sign(value - ratio), `${i}`);
  }
  assert.equal(series.find(({ name }) => name === 'jerk')!.scores.length, 0);
});

test('what cannot be played is refused before anyone trains for it', () => {
  const check = (change: Partial<RealTimeConfig>) => () => realTime.check({ ...BASE, ...change }, 'arm x', 8);
  check({})();
  assert.throws(
    check({ strategy: { kind: 'synchronous', execute: 9 } }),
    /arm x\.strategy\.execute: expected at most 8/,
  );
  assert.throws(check({ latency: { seconds: -1, spread: 0 } }), /arm x\.latency\.seconds/);
  assert.throws(check({ world: 'tabletip' }), { code: 'not-found' });
  const strategy: StrategyChoice = { kind: 'future-state', execute: 4 };
  check({ strategy })();
  assert.throws(check({ world: 'six-joint', tasks: ['touch'], strategy }), { code: 'not-found' });
});
