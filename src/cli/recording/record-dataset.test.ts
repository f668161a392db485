/** @file Recordings repeat bit for bit whatever the workers and interruptions, and hold the clean expert's actions. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { TABLETOP_NOISE } from '../../../recipes/tabletop-parts.ts';
import { FIRST_EVALUATION_SEED } from '../../benchmarks/protocol.ts';
import { openLeRobot } from '../../data/lerobot/reader.ts';
import { createTabletop } from '../../simulation/tabletop/index.ts';
import { demonstrate } from './expert-episode.ts';
import { createActionNoise, recordingSeed } from './record-config.ts';
import type { RecordConfig } from '../../../recipes/recording.ts';
import { recordDataset, type RecordOptions } from './record-dataset.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'record-'));
after(() => fs.rmSync(root, { recursive: true }));

const CONFIG: RecordConfig = {
  episodes: 4,
  tasks: ['touch', 'lift'],
  seed: 3,
  imageSize: 16,
  noise: TABLETOP_NOISE,
  attempts: 5,
};

function options(name: string, changes: Partial<RecordOptions> = {}): RecordOptions {
  const signal = new AbortController().signal;
  return {
    config: CONFIG,
    root: path.join(root, name),
    existing: 'resume',
    workers: 1,
    command: 'vlakit record test',
    signal,
    ...changes,
  };
}

function contents(name: string): Record<string, string> {
  const folder = path.join(root, name);
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const whole = files.filter((file) => fs.statSync(path.join(folder, file)).isFile());
  return Object.fromEntries(whole.map((file) => [file, fs.readFileSync(path.join(folder, file), 'hex')]));
}

test('one worker, two workers, and an interrupted recording give the same dataset', async () => {
  const summary = await recordDataset(options('one'));
  assert.equal(summary.episodes, 4);
  await recordDataset(options('two', { workers: 2 }));
  assert.deepEqual(contents('two'), contents('one'));
  const controller = new AbortController();
  const stopped = recordDataset(options('stopped', { signal: controller.signal }));
  controller.abort();
  await assert.rejects(stopped, { code: 'interrupted' });
  await assert.rejects(openLeRobot(path.join(root, 'stopped'), { episodes: 'all' }));
  await recordDataset(options('stopped'));
  assert.deepEqual(contents('stopped'), contents('one'));
});

test('an interrupted recording goes on with more attempts, never with other scenes or fewer episodes', async () => {
  let asked = 0;
  // Asked before each episode: two are recorded.
  const signal = {
    get aborted() {
      return asked++ >= 2;
    },
  } as AbortSignal;
  await assert.rejects(recordDataset(options('other', { signal })), /stopped after 2 of 4 episodes/);
  const again = (changes: Partial<RecordConfig>): Promise<unknown> =>
    recordDataset(options('other', { config: { ...CONFIG, ...changes } }));
  await assert.rejects(again({ seed: 4 }), /the interrupted recording has seed 3, this one 4/);
  await assert.rejects(again({ tasks: ['touch'] }), { code: 'mismatch' });
  await assert.rejects(again({ noise: { ...CONFIG.noise, cleanShare: 1 } }), { code: 'mismatch' });
  await assert.rejects(again({ episodes: 1 }), /expected at most 1 episodes, got 2/);
  await again({ attempts: 9 });
  const { 'meta/info.json': info, ...rest } = contents('other');
  const { 'meta/info.json': expected, ...others } = contents('one');
  assert.deepEqual(rest, others);
  assert.notEqual(info, expected, 'it tells its own attempts');
});

test('the dataset has the promised features, and its actions are the clean expert’s', async () => {
  const dataset = await openLeRobot(path.join(root, 'one'), { episodes: 'all' });
  assert.equal(dataset.fps, 20);
  assert.deepEqual(dataset.cameras, ['observation.images.front', 'observation.images.wrist']);
  for (const [feature, size] of [
    ['observation.state', 8],
    ['action', 7],
    ['supervision.target_position', 3],
    ['supervision.target_heading', 2],
    ['supervision.has_heading', 1],
    ['supervision.goal_position', 3],
    ['supervision.has_goal', 1],
    ['supervision.target_box.front', 4],
    ['supervision.goal_box.wrist', 4],
    ['supervision.hand_trace', 12],
    ['supervision.subtask', 1],
  ] as const) {
    assert.deepEqual(dataset.features[feature]!.shape, [size], feature);
  }
  const { subtasks } = dataset.info.raw['vlakit'] as { subtasks: string[] };
  assert.ok(subtasks.length >= 2);
  const environment = await createTabletop({ imageSize: 16 });
  // The same episode played again, noise and all: what the expert says in each state is what the dataset holds.
  const noise = createActionNoise(CONFIG, 1, 0);
  await environment.reset({ task: 'lift', seed: recordingSeed(CONFIG, 1, 0), phrasing: 'train' });
  const actions = await dataset.column('action', 1);
  let disturbed = 0;
  for (let frame = 0; frame < dataset.episodes[1]!.length; frame++) {
    const expert = environment.expert();
    assert.deepEqual([...actions.subarray(frame * 7, frame * 7 + 7)], [...expert], `frame ${frame}`);
    const executed = noise(expert);
    disturbed += Number(executed.some((value, i) => Math.abs(value - expert[i]!) > 0.01));
    await environment.step(executed.map((value) => Math.max(-1, Math.min(1, value))));
  }
  assert.ok(disturbed > dataset.episodes[1]!.length / 2, `${disturbed} disturbed frames`);
  await environment.close();
  await dataset.close();
});

test('noise is drawn per attempt, spares the gripper, and has the promised strength', () => {
  const slips = { dimension: 2, rate: 0, steps: [2, 4] } as const;
  const scale = [1, 0.5, 0];
  const noise: RecordConfig['noise'] = { cleanShare: 0, sigma: [0.2, 0.2], correlation: 0.8, scale, slips };
  const still = new Float32Array(3);
  const config = { ...CONFIG, noise };
  const draws = Array.from({ length: 400 }, (_, episode) => {
    const next = createActionNoise(config, episode, 0);
    for (let i = 0; i < 30; i++) next(still);
    return Array.from(next(still));
  });
  const deviation = (d: number): number => Math.sqrt(draws.reduce((sum, draw) => sum + draw[d]! ** 2, 0) / 400);
  assert.ok(Math.abs(deviation(0) - 0.2) < 0.02, String(deviation(0)));
  assert.ok(Math.abs(deviation(1) - 0.1) < 0.01, String(deviation(1)));
  assert.equal(deviation(2), 0);
  assert.deepEqual([...createActionNoise(config, 7, 1)(still)], [...createActionNoise(config, 7, 1)(still)]);
  assert.notDeepEqual([...createActionNoise(config, 7, 1)(still)], [...createActionNoise(config, 7, 2)(still)]);
  const clean = createActionNoise({ ...config, noise: { ...noise, cleanShare: 1 } }, 0, 0);
  assert.deepEqual([...clean(still)], [0, 0, 0]);
});

test('the gripper slips for a few steps at the promised rate, in episodes with noise only', () => {
  const slips = { dimension: 2, rate: 0.05, steps: [2, 4] } as const;
  const noise: RecordConfig['noise'] = { cleanShare: 0, sigma: [0.1, 0.1], correlation: 0, scale: [1, 1, 0], slips };
  const closing = Float32Array.of(0, 0, 1);
  const play = (cleanShare: number): number[] =>
    Array.from({ length: 200 }, (_, episode) => {
      const next = createActionNoise({ ...CONFIG, noise: { ...noise, cleanShare } }, episode, 0);
      return Array.from({ length: 100 }, () => next(closing)[2]!);
    }).flat();
  const executed = play(0);
  assert.ok(executed.every((value) => value === 1 || value === -1));
  // A slip of 3 steps on average begins once in 1 / rate free steps.
  const slipped = executed.filter((value) => value === -1).length / executed.length;
  assert.ok(Math.abs(slipped - 3 / (3 + 20)) < 0.02, String(slipped));
  assert.ok(play(1).every((value) => value === 1));
});

test('recorded scenes are never evaluation scenes', () => {
  const seeds = Array.from({ length: 500 }, (_, episode) => recordingSeed(CONFIG, episode, episode % 3));
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < FIRST_EVALUATION_SEED));
  assert.equal(new Set(seeds).size, 500);
});

test('a demonstration that fails is not kept', async () => {
  const environment = await createTabletop({ imageSize: 16 });
  // Noise so strong that nothing can be lifted.
  const wild = { ...CONFIG, noise: { ...CONFIG.noise, cleanShare: 0, sigma: [9, 9] as const } };
  const demonstration = await demonstrate(environment, { task: 'lift', seed: 1 }, createActionNoise(wild, 0, 0));
  assert.deepEqual([demonstration.outcome === 'success', demonstration.frames], [false, null]);
  await environment.close();
});

test('a recording that cannot work is refused before it starts', async () => {
  await assert.rejects(recordDataset(options('x', { config: { ...CONFIG, tasks: ['lfit'] } })), /lfit/);
  await assert.rejects(
    recordDataset(options('x', { config: { ...CONFIG, noise: { ...CONFIG.noise, scale: [1] } } })),
    /record\.noise\.scale: expected 7 factors, got 1/,
  );
  await assert.rejects(recordDataset(options('x', { config: { ...CONFIG, episodes: 0 } })), /record\.episodes/);
  assert.equal(fs.existsSync(path.join(root, 'x')), false);
});
