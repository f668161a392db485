/** @file From a recipe to a trained policy in a folder: data, codec, model, learner and loop put together. Node only. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson, requireWritableFolder, writeFileAtomic } from '../base/files.ts';
import { lockFolder } from '../base/folder-lock.ts';
import { Random } from '../base/random.ts';
import { familyOf } from '../models/families.ts';
import { createFlowTrainable } from '../models/flow-trainable.ts';
import type { CheckpointFiles } from '../checkpoints/checkpoint.ts';
import { checkpointSteps } from '../checkpoints/checkpoint-series.ts';
import { setUpCodec, type CodecSetup } from './codec-setup.ts';
import { createGraphLearner, type LearnerOptions } from './graph-learner.ts';
import { requireInstructions } from './instruction-check.ts';
import type { Learner } from './learner.ts';
import { checkLoopConfig, train, type TrainingResult, type TrainingRun } from './loop.ts';
import type { PolicySettings } from '../models/checkpoint-policy.ts';
import { checkModel } from './model-config.ts';
import { policyBatches } from './policy-batches.ts';
import { batchSizeOf, type TrainingRecipe } from './recipe.ts';
import { createReplicatedLearner } from './replicated-learner.ts';
import { RECIPE_FILE, writeProvenance } from './provenance-file.ts';
import type { Trainable } from './trainable.ts';
import { openSamples, openTrainingData } from './training-data.ts';
import { tuneModel, type TunedModel } from './tuned-model.ts';
import { parseTuning } from './tuning.ts';

/** Streams of the recipe's seed. */
const INITIAL_WEIGHTS = 1;
const ORDER = 2;
const BATCHES = 3;

/** Where a policy is trained, and what watches it. */
export interface TrainPolicyOptions extends Pick<
  TrainingRun,
  'folder' | 'evaluate' | 'signal' | 'wallClock' | 'progressStream'
> {
  /** Resolved: with all overrides. It is written to the folder and into every checkpoint. */
  readonly recipe: TrainingRecipe;
  /** The exact command, for provenance.json. */
  readonly command: string;
  /** What made the weights, for training.json and provenance.json. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Trains, or continues, the run in `folder`; see `train` for how it ends. The folder's recipe is written once data and
 * model are open. One process at a time: a second one in the same folder is refused.
 */
export async function trainPolicy(options: TrainPolicyOptions): Promise<TrainingResult> {
  const { recipe, folder } = options;
  checkLoopConfig(recipe.loop);
  checkModel(recipe.model);
  checkThreads(recipe);
  requireWritableFolder(folder);
  const release = lockFolder(folder);
  try {
    requireSameRecipe(folder, recipe);
    return await trainInFolder(options);
  } finally {
    release();
  }
}

async function trainInFolder(options: TrainPolicyOptions): Promise<TrainingResult> {
  const { recipe, folder, command, versions, evaluate, signal, wallClock, progressStream } = options;
  const { seed, data } = recipe;
  const family = familyOf(recipe.model.config, 'recipe.model.config');
  const tuning = recipe.tuning === null ? null : parseTuning(recipe.tuning, 'tuning');
  const model = { ...recipe.model, config: family.parse(recipe.model.config, 'recipe.model.config') };
  const training = await openTrainingData(data);
  try {
    const setup = await setUpCodec(recipe.codec, data, training);
    const { codec } = setup;
    await requireInstructions([...training.datasets, ...training.heldOut.filter((one) => one !== null)], codec);
    const trainable = createFlowTrainable({ family, ...model, codec, batchSize: shareSizeOf(recipe) });
    const tuned = tuneModel(trainable, tuning, seed, INITIAL_WEIGHTS);
    const learner = await createLearner(tuned.trainable, recipe, tuned);
    const order = new Random(seed, ORDER).bits();
    const source = await openSamples(training, data, recipe.codec.cameras, codec.horizon, order, signal);
    try {
      return await train({
        folder,
        identity: runIdentity(recipe, setup, tuned),
        config: recipe.loop,
        learner: { ...learner, weights: async () => tuned.save(await learner.weights()) },
        batches: policyBatches(source, codec, tuned.trainable, new Random(seed, BATCHES).bits()),
        begin() {
          writeFileAtomic(path.join(folder, RECIPE_FILE), `${JSON.stringify(recipe, null, 2)}\n`);
          writeProvenance(folder, { command, seed, versions }, training.datasets);
        },
        files: (step, metrics) => ({ ...policyFiles(options, setup, step, metrics), ...tuned.files }),
        evaluate,
        signal,
        wallClock,
        ...(progressStream === undefined ? {} : { progressStream }),
      });
    } finally {
      await source.close();
      await learner.close();
    }
  } finally {
    await training.close();
  }
}

function checkThreads({ data, device }: TrainingRecipe): void {
  for (const [name, count] of Object.entries({ 'data.workers': data.workers, 'device.threads': device.threads })) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new VlaError('bad-argument', `${name}: expected a whole number of at least 1, got ${count}.`, {
      hint: `Correct it in the recipe, or with --set ${name}=…`,
    });
  }
}

/** Samples of a step that one replica gets; for one replica, all. */
export function shareSizeOf({ data, device: { replicas } }: Pick<TrainingRecipe, 'data' | 'device'>): number {
  const batchSize = batchSizeOf(data);
  if (Number.isInteger(replicas) && replicas >= 1 && batchSize % replicas === 0) return batchSize / replicas;
  const divisors = Array.from({ length: batchSize }, (_, i) => i + 1).filter((count) => batchSize % count === 0);
  throw new VlaError(
    'bad-argument',
    `device.replicas: expected a whole number that divides the ${batchSize} samples of a step, got ${replicas}.`,
    { hint: `Choose one of ${divisors.join(', ')}, or change samplesPerStep in data.datasets.` },
  );
}

/** The learner that a recipe asks for; `share` is the trainable for `shareSizeOf(recipe)` samples. */
export function createLearner(
  share: Trainable,
  { optimiser, schedule, loop, device }: Pick<TrainingRecipe, 'optimiser' | 'schedule' | 'loop' | 'device'>,
  { initial, frozen }: Pick<LearnerOptions, 'initial' | 'frozen'>,
): Promise<Learner> {
  const { replicas, ...session } = device;
  const given = { initial, ...(frozen === undefined ? {} : { frozen }) };
  const options = { optimiser, schedule, steps: loop.steps, session, ...given };
  return replicas === 1 ? createGraphLearner(share, options) : createReplicatedLearner(share, { ...options, replicas });
}

/** The part of a recipe that the numbers depend on: names, paths, memory and decoding threads change none. */
function essence({ seed, data, codec, model, tuning, optimiser, schedule, loop, device }: TrainingRecipe): object {
  const { workers: _workers, pictureMegabytes: _megabytes, datasets, ...rest } = data;
  const shares = datasets.map(({ root: _root, ...share }) => share);
  // Recipes of older runs have no tuning: all of those models learned whole.
  const { base: _base, ...learning } = tuning ?? { base: null };
  const tuned = tuning == null ? {} : { tuning: learning };
  return { seed, data: { ...rest, datasets: shares }, codec, model, ...tuned, optimiser, schedule, loop, device };
}

/** Names what the numbers of a run depend on: its recipe, the weights of its base and, through the codec's statistics, its data. */
function runIdentity(
  recipe: TrainingRecipe,
  setup: CodecSetup,
  { baseSha256 }: Pick<TunedModel<Trainable>, 'baseSha256'>,
): string {
  const base = baseSha256 === null ? {} : { base: baseSha256 };
  const content = JSON.stringify({ recipe: essence(recipe), codec: setup.codec.config, ...base });
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/**
 * A folder with checkpoints of another recipe is a `mismatch` that names the difference. Before the first checkpoint
 * there is nothing to lose: a recipe that did not get so far does not stand in the way of its correction.
 */
function requireSameRecipe(folder: string, recipe: TrainingRecipe): void {
  const file = path.join(folder, RECIPE_FILE);
  if (checkpointSteps(folder).length === 0 || !fs.existsSync(file)) return;
  const there = readJson<TrainingRecipe>(file);
  const difference = firstDifference(essence(there), JSON.parse(JSON.stringify(essence(recipe))));
  if (difference === null) return;
  const { path: where, a, b } = difference;
  throw new VlaError('mismatch', `${folder}: it holds another run: ${where} is ${a} there, ${b} here.`, {
    hint: 'Train into another folder (--out), or delete this one.',
  });
}

/** The first place where two JSON values differ. */
function firstDifference(a: unknown, b: unknown, where = ''): { path: string; a: string; b: string } | null {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return a === b ? null : { path: where, a: JSON.stringify(a) ?? 'nothing', b: JSON.stringify(b) ?? 'nothing' };
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], where === '' ? key : `${where}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

/** The files beside the weights. */
function policyFiles(
  { recipe, versions }: TrainPolicyOptions,
  { codec, embodiment, tokenizerFiles }: CodecSetup,
  step: number,
  metrics: Readonly<Record<string, number>>,
): CheckpointFiles {
  return {
    'config.json': recipe.model.config,
    'codec.json': codec.config,
    'policy.json': {
      eulerSteps: recipe.model.eulerSteps,
      noiseScale: recipe.model.noiseScale,
    } satisfies PolicySettings,
    'tokenizer.json': tokenizerFiles.tokenizer,
    'tokenizer_config.json': tokenizerFiles.config,
    'embodiment.json': embodiment,
    'training.json': { recipe, step, seed: recipe.seed, versions, metrics },
  };
}
