/** @file From a recipe to a trained policy in a folder: data, codec, model, learner and loop put together. Node only. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson, requireWritableFolder, writeFileAtomic } from '../base/files.ts';
import { lockFolder } from '../base/folder-lock.ts';
import { Random } from '../base/random.ts';
import { familyOf } from '../models/families.ts';
import type { CheckpointFiles } from '../checkpoints/checkpoint.ts';
import { checkpointSteps } from '../checkpoints/checkpoint-series.ts';
import { createGraphLearner, type LearnerOptions } from './graph-learner.ts';
import type { Learner } from './learner.ts';
import { checkLoopConfig, train, type TrainingResult, type TrainingRun } from './loop.ts';
import type { PolicySettings } from '../models/checkpoint-policy.ts';
import { checkModel } from './model-config.ts';
import { parseFeatures } from './features/config.ts';
import { keepFeatures, type KeptGroup } from './features/keep-features.ts';
import { joinBatches, openMixture, type Mixture } from './mixture.ts';
import type { MixtureGroup } from './mixture-group.ts';
import { objectiveOf, type TrainingRecipe } from './recipe.ts';
import { createReplicatedLearner } from './replicated-learner.ts';
import { RECIPE_FILE, writeProvenance } from './provenance-file.ts';
import type { BatchSource, GroupOptions, LearnerGroup, PolicyTrainable, Trainable } from './trainable.ts';
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
  const config = family.parse(recipe.model.config, 'recipe.model.config');
  const mixture = await openMixture(recipe, { family, config });
  const closing: { close(): Promise<void> }[] = [mixture];
  try {
    const tuned = tuneModel(mixture.groups[0]!.trainable, tuning, seed, INITIAL_WEIGHTS);
    const groups = [];
    for (const [g, group] of mixture.groups.entries()) {
      const seeds = { order: groupSeed(seed, ORDER, g), batches: groupSeed(seed, BATCHES, g) };
      const kept = await keepGroup(group.opened, recipe, tuned, { seeds, signal });
      if (kept !== null) closing.unshift(kept.batches);
      groups.push({ ...group, seeds, kept, trainable: kept?.trainable ?? tuned.tune(group.trainable) });
    }
    const learner = await createLearner(groups, recipe, tuned);
    closing.unshift(learner);
    const budget = { free: data.pictureMegabytes * 1e6 };
    const sources: BatchSource[] = [];
    for (const { opened, trainable, seeds, kept } of groups) {
      const batches = kept?.batches ?? (await opened.batches(trainable, { seeds, budget, signal }));
      if (kept === null) closing.unshift(batches);
      sources.push(batches);
    }
    return await train({
      folder,
      identity: runIdentity(recipe, mixture, tuned),
      config: recipe.loop,
      learner: { ...learner, weights: async () => tuned.save(await learner.weights()) },
      batches: joinBatches(groups, sources),
      begin() {
        writeFileAtomic(path.join(folder, RECIPE_FILE), `${JSON.stringify(recipe, null, 2)}\n`);
        const datasets = mixture.groups.flatMap(({ opened }) => opened.datasets);
        writeProvenance(folder, { command, seed, versions }, datasets);
      },
      files: (step, metrics) => ({ ...policyFiles(options, mixture, step, metrics), ...tuned.files }),
      evaluate,
      signal,
      wallClock,
      ...(progressStream === undefined ? {} : { progressStream }),
    });
  } finally {
    for (const one of closing) await one.close();
  }
}

/** The group with kept features, where the recipe asks for them; null where it learns from pixels. */
async function keepGroup(
  { features: source }: MixtureGroup,
  { data, device }: TrainingRecipe,
  { frozen, tune }: TunedModel<PolicyTrainable>,
  options: Pick<GroupOptions, 'seeds' | 'signal'>,
): Promise<KeptGroup | null> {
  if ((data.features ?? null) === null || source === undefined) return null;
  const session = { runtime: device.runtime, threads: device.threads * device.replicas };
  return keepFeatures(source, { ...options, features: parseFeatures(data.features), session, frozen, tune });
}

/** The first group's seeds are those of runs without a mixture. */
function groupSeed(seed: number, stream: number, group: number): number {
  return (group === 0 ? new Random(seed, stream) : new Random(seed, stream, group)).bits();
}

function checkThreads({ data, device }: TrainingRecipe): void {
  for (const [name, count] of Object.entries({ 'data.workers': data.workers, 'device.threads': device.threads })) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new VlaError('bad-argument', `${name}: expected a whole number of at least 1, got ${count}.`, {
      hint: `Correct it in the recipe, or with --set ${name}=…`,
    });
  }
}

/** The learner that a recipe asks for; the trainables are for `partsOf(recipe)` parts of a step's samples. */
export function createLearner(
  groups: readonly LearnerGroup[],
  { optimiser, schedule, loop, device }: Pick<TrainingRecipe, 'optimiser' | 'schedule' | 'loop' | 'device'>,
  { initial, frozen }: Pick<LearnerOptions, 'initial' | 'frozen'>,
): Promise<Learner> {
  const { replicas, accumulate = 1, rematerialise = false, ...session } = device;
  const given = { initial, ...(frozen === undefined ? {} : { frozen }) };
  const options = { optimiser, schedule, steps: loop.steps, session, rematerialise, ...given };
  const [first, ...others] = groups;
  if (replicas === 1 && accumulate === 1 && others.length === 0) return createGraphLearner(first!.trainable, options);
  return createReplicatedLearner(groups, { ...options, replicas, accumulate });
}

/** The part of a recipe that the numbers depend on: names, paths, memory and decoding threads change none. */
function essence(recipe: TrainingRecipe): object {
  const { seed, data, codec, model, objective, tuning, optimiser, schedule, loop, device } = recipe;
  const { workers: _workers, pictureMegabytes: _megabytes, datasets, conversations, features, ...others } = data;
  const { folder: _folder, ...kept } = features ?? { folder: '' };
  const rest = features == null ? others : { ...others, features: kept };
  const shares = datasets.map(({ root: _root, ...share }) => share);
  const talks = conversations?.map(({ root: _root, ...share }) => share);
  // Recipes of older runs have no tuning: all of those models learned whole.
  const { base: _base, ...learning } = tuning ?? { base: null };
  const tuned = tuning == null ? {} : { tuning: learning };
  const mixed = { ...rest, datasets: shares, ...(talks === undefined ? {} : { conversations: talks }) };
  const taught = objective === undefined ? {} : { objective };
  // Recipes of older runs do not say in what they compute: it was f32.
  const { arithmetic = 'f32', ...place } = device;
  const where = arithmetic === 'f32' ? place : device;
  return { seed, data: mixed, codec, model, ...taught, ...tuned, optimiser, schedule, loop, device: where };
}

/** Names what the numbers of a run depend on: its recipe, the weights of its base and, through the codecs' statistics, its data. */
function runIdentity(
  recipe: TrainingRecipe,
  { groups }: Mixture,
  { baseSha256 }: Pick<TunedModel<Trainable>, 'baseSha256'>,
): string {
  const base = baseSha256 === null ? {} : { base: baseSha256 };
  const [first, ...others] = groups.map(({ opened }) => opened.identity);
  const more = others.length === 0 ? {} : { others };
  const content = JSON.stringify({ recipe: essence(recipe), codec: first, ...more, ...base });
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

/**
 * How the policy acts: by its choices where these learn from its own robot and no data teach the expert; told of progress where that
 * learns from its own robot; it continues chunks by a prefix where it was trained to.
 */
function actingSettings(recipe: TrainingRecipe): Pick<PolicySettings, 'head' | 'progress' | 'continuation'> {
  const { datasets } = recipe.data;
  const plain = datasets.some(({ own }) => own === undefined);
  const main = objectiveOf(recipe, plain ? {} : (datasets[0]?.own ?? {}));
  const all = datasets.map(({ own = {} }) => objectiveOf(recipe, own));
  const chooses = (main.choice ?? 0) > 0 && all.every(({ flow }) => flow === 0);
  const progress = (main.progress ?? 0) > 0;
  const longest = familyOf(recipe.model.config, 'recipe.model.config').longestPrefix(recipe.model.config);
  const continues = longest > 0 && !chooses && !progress;
  return {
    ...(chooses ? { head: 'choice' } : {}),
    ...(progress ? { progress: true } : {}),
    ...(continues ? { continuation: { kind: 'prefix', longest } } : {}),
  };
}

/** The files beside the weights. */
function policyFiles(
  { recipe, versions }: TrainPolicyOptions,
  { groups }: Mixture,
  step: number,
  metrics: Readonly<Record<string, number>>,
): CheckpointFiles {
  return {
    'config.json': recipe.model.config,
    ...Object.assign({}, ...groups.map(({ opened }) => opened.files)),
    'policy.json': {
      eulerSteps: recipe.model.eulerSteps,
      noiseScale: recipe.model.noiseScale,
      ...actingSettings(recipe),
    } satisfies PolicySettings,
    'training.json': { recipe, step, seed: recipe.seed, versions, metrics },
  };
}
