/** @file Training DM0 to tell progress from annotated episodes: what samples hold, what the checkpoint says, how it acts. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FRONT, HEIGHT, WIDTH, pictureAt, stateAt, taskOf, writeSmallDataset } from '../../tests/small-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import { trainingOptions } from '../../tests/training-options.ts';
import { exportPolicy } from '../checkpoints/export/export-policy.ts';
import { readPolicyCheckpoint } from '../checkpoints/policy-checkpoint.ts';
import { annotationFile, annotationLines } from '../data/lerobot/annotations.ts';
import { openLeRobot } from '../data/lerobot/reader.ts';
import { createSampleReader, sampleSpec } from '../data/samples.ts';
import { tinyDm0 } from '../models/dm0/config.ts';
import { loadPolicy } from './load-policy.ts';
import type { TrainingRecipe } from './recipe.ts';
import { trainPolicy } from './train-policy.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'progress-stage-'));
const at = (...parts: string[]): string => path.join(root, ...parts);
const LENGTHS = [8, 9];
const progressAt = (episode: number, frame: number): number =>
  Math.round((1e4 * frame) / (LENGTHS[episode]! - 1)) / 1e4;
before(async () => {
  await writeSmallDataset(at('robot'), 'image', LENGTHS);
  await writeSmallDataset(at('silent'), 'image', LENGTHS);
  for (const [episode, length] of LENGTHS.entries()) {
    const file = annotationFile(at('robot'), episode);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const frames = Array.from({ length }, (_, frame) => ({ progress: progressAt(episode, frame) }));
    fs.writeFileSync(file, annotationLines(frames));
  }
});
after(() => fs.rmSync(root, { recursive: true }));

const small = smallRecipe(at('robot'));
const tiny = tinyDm0({ vocabulary: 576, stateDim: 2, actionDim: 3, supervision: {} });
const config = {
  ...tiny,
  language: { ...tiny.language, layers: 1 },
  expert: { ...tiny.expert, progress: true },
};
const recipe: TrainingRecipe = {
  ...small,
  codec: {
    ...small.codec,
    supervision: [
      {
        kind: 'values',
        feature: 'supervision.chunk_progress',
        output: 'progress',
        size: 2,
        normalisation: { kind: 'identity' },
      },
    ],
  },
  model: { ...small.model, config },
  objective: { flow: 1, text: 0, progress: 0.5, insulation: 'none' },
  loop: { ...small.loop, steps: 4, checkpointEvery: 4 },
};
const train = (name: string, changes: Partial<TrainingRecipe> = {}): ReturnType<typeof trainPolicy> =>
  trainPolicy(trainingOptions(at(name), { ...recipe, ...changes }));

test('samples hold the progress before and after their actions, at most that of the last frame that counts', async () => {
  const dataset = await openLeRobot(at('robot'), { episodes: 'all' });
  const read = async (stride: number, frame: number, end?: number): Promise<number[]> => {
    const window = { horizon: 2, stride, between: 'nearest' } as const;
    const sample = await createSampleReader(dataset, sampleSpec(dataset, window)).read(1, frame, end);
    return [...sample.supervision['supervision.chunk_progress']!];
  };
  const expected = (from: number, to: number): number[] => [...Float32Array.of(progressAt(1, from), progressAt(1, to))];
  assert.deepEqual(await read(1, 3), expected(3, 5));
  assert.deepEqual(await read(2, 3), expected(3, 7));
  assert.deepEqual(await read(1, 7), expected(7, 8));
  assert.deepEqual(await read(1, 3, 5), expected(3, 4));
  await dataset.close();
});

test('a policy that learned progress tells it, from 0 at the start of each episode on', async () => {
  const { checkpoint, metrics } = await train('told');
  assert.ok(Number.isFinite(metrics['progress']) && Number.isFinite(metrics['flow']));
  const parts = readPolicyCheckpoint(checkpoint);
  assert.equal(parts.settings.progress, true);
  const observation = {
    images: { front: { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, 2) } },
    state: Float32Array.from(stateAt(0, 2)),
    instruction: taskOf(0),
    tick: 0,
  };
  const policy = await loadPolicy(checkpoint, { runtime: 'cpu', threads: 1, inWorker: true });
  const told: (number | undefined)[] = [];
  for (const seed of [1, 1]) {
    await policy.reset({ seed });
    told.push((await policy.infer(observation)).progress, (await policy.infer({ ...observation, tick: 2 })).progress);
  }
  await policy.close();
  assert.ok(told.every((one) => Number.isFinite(one)));
  assert.deepEqual(told.slice(0, 2), told.slice(2));
  await assert.rejects(exportPolicy(parts, at('exported')), { code: 'unsupported', message: /tells no progress/ });
});

test('without annotations, training says what is missing', async () => {
  const datasets = [{ ...recipe.data.datasets[0]!, root: at('silent') }];
  await assert.rejects(train('untold', { data: { ...recipe.data, datasets } }), {
    code: 'bad-data',
    message: /supervision\.chunk_progress: expected 2 finite numbers, got no such feature/,
  });
});
