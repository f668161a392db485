/** @file Evaluation during training in LIBERO: episodes in freshly drawn scenes choose the best checkpoint; what is missing is said first. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { unseenSeed } from '../../src/benchmarks/protocol.ts';
import { openEnvironment } from '../../src/benchmarks/player.ts';
import { bestCheckpoint } from '../../src/checkpoints/checkpoint-series.ts';
import { worldModule } from '../../src/cli/world-module.ts';
import { suiteTasks } from '../../src/simulation/libero/suites.ts';
import { readMetrics } from '../../src/training/metrics-log.ts';
import { assertFine, assertOneError, scratchFolder, vlakit } from '../processes/vlakit.ts';
import { sharedData, skipReason } from '../shared-data.ts';

const TASK = suiteTasks('libero_spatial').at(-2)!.name;
const skip = skipReason('libero');
const folder = scratchFolder('libero-validation');
after(() => fs.rmSync(folder, { recursive: true, force: true }));
process.env['XDG_CACHE_HOME'] = path.join(folder, 'cache');
const pack = process.env['VLAKIT_LIBERO'] ?? sharedData('libero');
if (pack !== null) process.env['VLAKIT_LIBERO'] = pack;

const set = (changes: readonly string[]): string[] => changes.flatMap((change) => ['--set', change]);
const TRAIN = [
  'train',
  'libero-spatial-tiny',
  '--dataset',
  'data',
  ...set(['loop.steps=2', 'loop.evaluateEvery=2', 'loop.checkpointEvery=2', 'schedule.warmupSteps=1']),
  ...set(['data.datasets.0.samplesPerStep=4', 'data.workers=1', 'device.replicas=1']),
  ...set([`evaluation.tasks=${TASK}`, 'evaluation.validationEpisodes=1']),
];

test('a policy that learns LIBERO is validated in LIBERO', { skip }, async () => {
  const recorded = set(['record.episodes=1', `record.tasks=${TASK}`]);
  assertFine(await vlakit(['record', 'libero-spatial-tiny', ...recorded, '--out', 'data'], { cwd: folder }));
  const ended = await vlakit([...TRAIN, '--out', 'run'], { cwd: folder });
  assertFine(ended);
  assert.match(ended.err, new RegExp(`validate .* 1/1 episodes.*base ${TASK} `));
  const run = path.join(folder, 'run');
  const line = readMetrics(path.join(run, 'metrics.jsonl')).find(({ kind }) => kind === 'evaluate');
  assert.deepEqual([line!.step, line![TASK]], [2, line!.score]);
  assert.deepEqual(bestCheckpoint(run), { step: 2, score: line!.score });
});

test('its scenes are none of those that the benchmark plays', { skip }, async () => {
  const environment = await openEnvironment(worldModule({ world: 'libero-spatial', imageSize: 16 }));
  await environment.reset({ task: TASK, seed: unseenSeed(1_000_000) });
  const drawn = await environment.observe();
  await environment.reset({ task: TASK, seed: unseenSeed(1_000_001) });
  assert.notDeepEqual((await environment.observe()).images, drawn.images);
  await environment.close();
});

test('files that were not pulled are named before anything is trained', async () => {
  const before = process.env['VLAKIT_LIBERO'];
  process.env['VLAKIT_LIBERO'] = path.join(folder, 'nothing');
  const ended = await vlakit([...TRAIN, '--out', 'never'], { cwd: folder });
  if (before === undefined) delete process.env['VLAKIT_LIBERO'];
  else process.env['VLAKIT_LIBERO'] = before;
  assertOneError(ended, 'not-found', /expected the files of libero_spatial, got none.*\nhint: .*benchmark pull libero/);
  assert.ok(!fs.existsSync(path.join(folder, 'never')));
});
