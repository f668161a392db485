/** @file Policies that start from a trained one: frozen encoders, adapters, both kinds of checkpoint, and what is refused. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { largestDifference } from '../../tests/golden-tensors.ts';
import { FRONT, HEIGHT, WIDTH, pictureAt, stateAt, taskOf, writeSmallDataset } from '../../tests/small-dataset.ts';
import { smallRecipe } from '../../tests/small-recipe.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import type { Observation } from '../interfaces/observation.ts';
import { loadCheckpoint, type Checkpoint } from '../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../checkpoints/checkpoint-series.ts';
import { loadPolicy } from './load-policy.ts';
import type { TrainingRecipe } from './recipe.ts';
import { trainPolicy, type TrainPolicyOptions } from './train-policy.ts';
import type { TuningConfig } from './tuning.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'tuned-policy-'));
const at = (name: string): string => path.join(root, name);
const recipe = smallRecipe(at('dataset'));
const LORA: TuningConfig = {
  base: at('base'),
  fresh: [],
  freeze: ['**'],
  lora: { rank: 2, alpha: 4, targets: ['model.language_model.layers.*.self_attn.{q,v}_proj', 'dit.**.to_q'] },
  save: 'trained',
};
const ENCODER = /^model\./;

function options(
  name: string,
  tuning: TuningConfig | null,
  changes: Partial<TrainPolicyOptions> = {},
): TrainPolicyOptions {
  const tuned: TrainingRecipe = { ...recipe, tuning };
  return {
    recipe: tuned,
    folder: at(name),
    command: 'vlakit train small',
    versions: { vlakit: 'test' },
    evaluate: null,
    signal: new AbortController().signal,
    wallClock: () => 0,
    progressStream: { write: () => true },
    ...changes,
  };
}

const open = (name: string): Checkpoint => loadCheckpoint(resolveCheckpoint(at(name)));
const observation: Observation = {
  images: { front: { width: WIDTH, height: HEIGHT, data: pictureAt(FRONT, 0, 2) } },
  state: Float32Array.from(stateAt(0, 2)),
  instruction: taskOf(0),
};

async function act(name: string): Promise<Tensor> {
  const policy = await loadPolicy(at(name), { runtime: 'cpu', threads: 1, inWorker: false });
  try {
    await policy.reset({ seed: 7 });
    return f32(Float32Array.from((await policy.infer(observation)).data));
  } finally {
    await policy.close();
  }
}

before(async () => {
  await writeSmallDataset(at('dataset'), 'image', [8, 9, 7]);
  await trainPolicy(options('base', null));
});
after(() => fs.rmSync(root, { recursive: true }));

test('with adapters a checkpoint holds only them, and which base they need', async () => {
  await trainPolicy(options('adapters', LORA));
  const names = Object.keys(open('adapters').weights());
  assert.ok(
    names.length > 0 && names.every((name) => /\.(q_proj|v_proj|to_q)\.lora_[AB]\.weight$/.test(name)),
    `${names}`,
  );
  assert.deepEqual(open('adapters').json('base.json'), {
    checkpoint: open('base').folder,
    sha256: open('base').json<Record<string, string>>('hashes.json')['model.safetensors'],
    lora: { rank: 2, alpha: 4 },
  });
});

test('saved whole, only the adapted matrices differ from the base, and the policy acts as with adapters', async () => {
  await trainPolicy(options('whole', { ...LORA, save: 'whole' }));
  const [before, whole] = [open('base').weights(), open('whole').weights()];
  assert.equal(open('whole').has('base.json'), false);
  assert.deepEqual(Object.keys(whole), Object.keys(before));
  for (const [name, { data }] of Object.entries(before)) {
    const adapted = /\.(q_proj|v_proj|to_q)\.weight$/.test(name) && !name.includes('visual');
    if (adapted) assert.notDeepEqual(whole[name]!.data, data, name);
    else assert.deepEqual(whole[name]!.data, data, name);
  }
  assert.ok(largestDifference(await act('whole'), await act('adapters')) < 1e-6);
  assert.ok(largestDifference(await act('whole'), await act('base')) > 1e-6);
});

test('a frozen encoder keeps its bytes while the expert learns', async () => {
  await trainPolicy(options('expert', { ...LORA, freeze: ['model.**'], lora: null, save: 'whole' }));
  const [before, now] = [open('base').weights(), open('expert').weights()];
  for (const [name, { data }] of Object.entries(before)) {
    if (ENCODER.test(name)) assert.deepEqual(now[name]!.data, data, name);
  }
  const moved = Object.keys(before).filter((name) => largestDifference(before[name]!, now[name]!) > 0);
  assert.ok(moved.length > 0 && moved.every((name) => !ENCODER.test(name)));
});

test('an interrupted run with adapters continues to the same numbers', async () => {
  const controller = new AbortController();
  const stopping = { signal: controller.signal, wallClock: () => (controller.abort(), 0) };
  await assert.rejects(trainPolicy(options('stopped', LORA, stopping)), { code: 'interrupted' });
  await trainPolicy(options('stopped', LORA));
  const read = (name: string): string => fs.readFileSync(path.join(at(name), 'metrics.jsonl'), 'utf8');
  assert.equal(read('stopped'), read('adapters'));
  assert.deepEqual(open('stopped').weights(), open('adapters').weights());
});

test('what the base lacks starts fresh only where it is said', async () => {
  const fresh: TuningConfig = {
    ...LORA,
    fresh: ['action_decoder.**'],
    freeze: ['model.**'],
    lora: null,
    save: 'whole',
  };
  await trainPolicy(options('fresh', fresh));
  const [before, now] = [open('base').weights(), open('fresh').weights()];
  const far = (name: string): number => largestDifference(before[name]!, now[name]!);
  assert.ok(far('action_decoder.layer1.W') > 0.2);
  assert.ok(far('action_encoder.W1.W') < 0.2 && far('action_encoder.W1.W') > 0);
});

test('a base of another model or with other weights, and patterns that fit nothing, are refused', async () => {
  const { config } = recipe.model;
  const larger = { ...recipe.model, config: { ...config, language: { ...config.language, layers: 2 } } };
  const other: TrainingRecipe = { ...recipe, tuning: LORA, model: larger };
  await assert.rejects(trainPolicy(options('x', LORA, { recipe: other })), {
    code: 'mismatch',
    message:
      /expected a tensor "model\.language_model\.layers\.1\.input_layernorm\.weight", got "model\.language_model\.layers\.0/,
  });
  await assert.rejects(trainPolicy(options('x', { ...LORA, freeze: ['modell.**'] })), {
    code: 'not-found',
    hint: 'Did you mean "model.**"?',
  });
  await assert.rejects(trainPolicy(options('x', { ...LORA, base: at('adapters') })), {
    code: 'mismatch',
    message: /expected a whole model as base/,
  });
  fs.cpSync(at('base'), at('moved'), { recursive: true });
  fs.cpSync(at('expert'), at('base'), { recursive: true });
  await assert.rejects(act('adapters'), { code: 'mismatch', message: /expected a base with SHA-256/ });
  fs.rmSync(at('base'), { recursive: true });
  await assert.rejects(act('adapters'), { code: 'not-found', message: /expected the base in .*got nothing there/ });
  fs.renameSync(at('moved'), at('base'));
});
