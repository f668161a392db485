/** @file Training a vision-language model to act by choices, beside conversations: what moves, what the checkpoint says, how it acts. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FRONT, HEIGHT, WIDTH, pictureAt, stateAt, taskOf, writeSmallDataset } from '../../tests/small-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import { trainingOptions } from '../../tests/training-options.ts';
import { decodeSafetensors } from '../base/safetensors.ts';
import type { Tensor } from '../base/tensor.ts';
import { exportPolicy } from '../checkpoints/export/export-policy.ts';
import { readPolicyCheckpoint } from '../checkpoints/policy-checkpoint.ts';
import { writePicture, writeRecords } from '../data/dexdata/writer.ts';
import type { Observation } from '../interfaces/observation.ts';
import { ZR0_PUBLISHED } from '../models/zr-0/published.ts';
import { loadPolicy } from './load-policy.ts';
import type { TrainingRecipe } from './recipe.ts';
import { trainPolicy } from './train-policy.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'choice-stage-'));
const at = (...parts: string[]): string => path.join(root, ...parts);
before(async () => {
  await writeSmallDataset(at('robot'), 'image', [8, 9]);
  const records = [0, 1, 2].map((i) => ({
    images: { 1: writePicture(at('talk'), `${i}.png`, { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, i) }) },
    isRobot: false,
    conversations: [
      { from: 'human' as const, value: '<image>\nwhat is red?' },
      { from: 'gpt' as const, value: i === 0 ? 'the block' : 'the cube' },
    ],
  }));
  writeRecords(at('talk'), 'talk.jsonl', records);
});
after(() => fs.rmSync(root, { recursive: true }));

const small = smallRecipe(at('robot'));
const recipe: TrainingRecipe = {
  ...small,
  data: {
    ...small.data,
    datasets: [{ root: at('robot'), episodes: 'all', heldOut: [], samplesPerStep: 2 }],
    conversations: [
      {
        root: at('talk'),
        samplesPerStep: 2,
        cameras: [{ ...small.codec.cameras[0]!, augmentation: null }],
        questionTokens: 12,
        answerTokens: 8,
      },
    ],
  },
  codec: { ...small.codec, supervision: [] },
  model: {
    ...small.model,
    config: {
      ...small.model.config,
      prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
      supervision: {},
      choice: { candidates: 3, horizon: 4, headLayers: 1 },
    },
  },
  objective: { flow: 0, text: 0, choice: 1, insulation: 'none' },
  optimiser: { ...small.optimiser, weightDecay: 0.5 },
};
const train = (name: string, changes: Partial<TrainingRecipe> = {}): ReturnType<typeof trainPolicy> =>
  trainPolicy(trainingOptions(at(name), { ...recipe, ...changes }));
const weightsAt = (checkpoint: string): Readonly<Record<string, Tensor>> =>
  decodeSafetensors(fs.readFileSync(path.join(checkpoint, 'model.safetensors'))).tensors;
const observation: Observation = {
  images: { front: { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, 2) } },
  state: Float32Array.from(stateAt(0, 2)),
  instruction: taskOf(0),
};

for (const [name, device] of [
  ['in one thread', { ...recipe.device, accumulate: 2 }],
  ['in replicas', { ...recipe.device, replicas: 2 }],
] as const) {
  test(`${name}, the expert keeps every number, weight decay or not, while the rest learns`, async () => {
    const { checkpoint, metrics } = await train(name, { device });
    assert.ok(['robot/choice', 'robot/choiceScore', 'talk/text'].every((key) => Number.isFinite(metrics[key])));
    const later = weightsAt(checkpoint);
    const earlier = weightsAt(path.join(path.dirname(checkpoint), 'step-00000006'));
    const differs = (key: string): boolean => later[key]!.data.some((x, i) => x !== earlier[key]!.data[i]);
    const moved = Object.keys(later).filter(differs);
    const expert = (key: string): boolean => !key.startsWith('choice.') && ZR0_PUBLISHED.part(key) === 'expert';
    assert.ok(Object.keys(later).some(expert));
    assert.deepEqual(moved.filter(expert), []);
    assert.deepEqual(
      Object.keys(later).filter((key) => !expert(key) && !differs(key)),
      [],
    );
  });
}

test('the checkpoint acts by choice: no noise, the same actions whatever the seed; told to, its expert acts', async () => {
  const run = at('in one thread');
  const options = { runtime: 'cpu', threads: 1, inWorker: false } as const;
  const act = async (seeds: readonly number[], settings = {}): Promise<number[][]> => {
    const policy = await loadPolicy(run, { ...options, settings });
    const chunks: number[][] = [];
    for (const seed of seeds) {
      await policy.reset({ seed });
      chunks.push([...(await policy.infer(observation)).data]);
    }
    await policy.close();
    return chunks;
  };
  const [one, two] = await act([1, 2]);
  assert.equal(one!.length, 4 * 3);
  assert.deepEqual(one, two);
  const [first, second] = await act([1, 2], { head: 'flow' });
  assert.notDeepEqual(first, second);
  await assert.rejects(loadPolicy(run, { ...options, settings: { head: 'both' as 'flow' } }), {
    code: 'bad-data',
    message: /policy\.json: expected head of flow or choice, got both/,
  });
  const checkpoint = readPolicyCheckpoint(run);
  assert.equal(checkpoint.settings.head, 'choice');
  await assert.rejects(exportPolicy(checkpoint, at('exported')), {
    code: 'unsupported',
    message: /got one of choices/,
  });
});

test('where the expert learns too, the expert acts', async () => {
  const { checkpoint } = await train('both', {
    objective: { flow: 1, text: 0, choice: 0.5, insulation: 'all' },
    loop: { ...recipe.loop, steps: 4, checkpointEvery: 4 },
  });
  assert.equal(readPolicyCheckpoint(checkpoint).settings.head, undefined);
});

test('the second stage starts from the first: a frozen vision-language model, a fresh expert, no choice policy', async () => {
  const { choice: _, ...config } = recipe.model.config;
  const { metrics, checkpoint } = await train('second', {
    data: { ...recipe.data, conversations: [] },
    model: { ...recipe.model, config },
    objective: { flow: 1, text: 0, insulation: 'none' },
    tuning: {
      base: at('in one thread'),
      fresh: ['{dit,state_encoder,action_encoder,action_decoder,position_embedding}.**'],
      freeze: ['model.**'],
      lora: null,
      save: 'whole',
    },
    loop: { ...recipe.loop, steps: 4, checkpointEvery: 4 },
  });
  assert.ok(Number.isFinite(metrics['flow']));
  const [before, now] = [weightsAt(at('in one thread', 'checkpoints', 'step-00000012')), weightsAt(checkpoint)];
  const name = 'model.language_model.layers.0.mlp.up_proj.weight';
  assert.deepEqual(now[name]!.data, before[name]!.data);
  assert.ok(!Object.keys(now).some((key) => key.startsWith('choice.')));
});
