/** @file Evaluation during training in the real tabletop: its numbers, the best checkpoint, Ctrl-C in the middle. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { shippedFile } from '../../src/base/shipped-file.ts';
import { readResult } from '../../src/benchmarks/result.ts';
import { validate } from '../../src/cli/validation.ts';
import { bestCheckpoint, checkpointSteps } from '../../src/checkpoints/checkpoint-series.ts';
import { readMetrics } from '../../src/training/metrics-log.ts';
import { assertFine, assertOneError, scratchFolder, vlakit } from '../processes/vlakit.ts';

const folder = scratchFolder('validation');
const CHANGES = [
  'loop.steps=6',
  'loop.evaluateEvery=2',
  'loop.checkpointEvery=6',
  'loop.keepLast=1',
  'schedule.warmupSteps=1',
  'evaluation.tasks=touch,push',
  'evaluation.validationEpisodes=1',
];
const TRAIN = ['train', 'debug', ...CHANGES.flatMap((change) => ['--set', change])];

before(async () => assertFine(await vlakit(['record', 'debug', '--set', 'record.episodes=2'], { cwd: folder })));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

test('every evaluation is a line of the metrics, and the best checkpoint stays', async () => {
  const ended = await vlakit([...TRAIN, '--out', 'calm'], { cwd: folder });
  assertFine(ended);
  assert.match(ended.err, /validate .* 1\/2 episodes/);
  const run = path.join(folder, 'calm');
  const lines = readMetrics(path.join(run, 'metrics.jsonl')).filter(({ kind }) => kind === 'evaluate');
  assert.deepEqual(
    lines.map(({ step }) => step),
    [2, 4, 6],
  );
  for (const { score, touch, push } of lines) assert.equal(score, (Number(touch) + Number(push)) / 2);
  // Of equals the later one.
  const highest = Math.max(...lines.map(({ score }) => Number(score)));
  const best = lines.findLast(({ score }) => score === highest)!.step;
  assert.deepEqual(bestCheckpoint(run), { step: best, score: highest });
  assert.deepEqual(checkpointSteps(run), best === 6 ? [6] : [best, 6]);
});

test('Ctrl-C in an evaluation: the run continues exactly there', async () => {
  const command = [...TRAIN, '--out', 'stopped'];
  const stopped = await vlakit(command, { cwd: folder, interruptAt: [/validate .*episodes/] });
  assertOneError(stopped, 'interrupted', /validate: stopped after \d of 2 episodes with .*step-00000002; .*whole/);
  assertFine(await vlakit(command, { cwd: folder }));
  const metrics = (run: string): string => fs.readFileSync(path.join(folder, run, 'metrics.jsonl'), 'utf8');
  assert.equal(metrics('stopped'), metrics('calm'));
});

test('the score of a policy that succeeds is the mean success rate on the validation seeds', async () => {
  const checkpoint = path.dirname(shippedFile('checkpoints/quickstart/model.safetensors'));
  const play = ['evaluate', checkpoint, '--tasks', 'touch,push', '--conditions', 'base', '--episodes', '3'];
  const options = ['--seed', '1000000', '--execute', '2', '--no-films', '--workers', '1', '--out', 'played'];
  assertFine(await vlakit([...play, ...options], { cwd: folder }));
  const { episodes } = readResult(path.join(folder, 'played', 'evaluation.json'));
  const rate = (task: string): number => {
    const own = episodes.filter((episode) => episode.task === task);
    return own.filter(({ outcome }) => outcome === 'success').length / own.length;
  };
  const embodiment = JSON.parse(fs.readFileSync(path.join(checkpoint, 'embodiment.json'), 'utf8')) as {
    cameras: { width: number }[];
  };
  const plan = { tasks: ['touch', 'push'], conditions: [], episodes: 0, execute: 2, validationEpisodes: 3 };
  const { width } = embodiment.cameras[0]!;
  const { score, metrics } = await validate(plan, checkpoint, { imageSize: width }, 1, new AbortController().signal);
  assert.deepEqual(metrics, { touch: rate('touch'), push: rate('push') });
  assert.equal(score, (rate('touch') + rate('push')) / 2);
  assert.ok(score > 0, 'the policy that ships solves some of it');
});
