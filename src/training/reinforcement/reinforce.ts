/** @file From a recipe and a policy to a better policy in a folder: base, critic, environments and loop put together. Node only. */

import { createHash } from 'node:crypto';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { requireWritableFolder, writeFileAtomic } from '../../base/files.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import { elementCount, type Tensor } from '../../base/tensor.ts';
import type { CheckpointFiles } from '../../checkpoints/checkpoint.ts';
import { readPolicyCheckpoint, type PolicyCheckpoint } from '../../checkpoints/policy-checkpoint.ts';
import { requireEmbodiment } from '../../codec/embodiment-check.ts';
import type { EnvironmentPool } from '../../interfaces/environment-pool.ts';
import { checkLoopConfig, train, type TrainingResult, type TrainingRun } from '../loop.ts';
import { RECIPE_FILE, writeProvenance } from '../provenance-file.ts';
import { wholeWeights } from '../tuned-model.ts';
import { createActorCritic } from './actor-critic.ts';
import { createPpoLearner } from './ppo-learner.ts';
import { checkReinforcement, type ReinforcementRecipe } from './recipe.ts';

/** Where a policy is trained, in which worlds, and what watches it. */
export interface ReinforceOptions extends Pick<
  TrainingRun,
  'folder' | 'evaluate' | 'signal' | 'wallClock' | 'progressStream'
> {
  /** Resolved: with all overrides. It is written to the folder and into every checkpoint. */
  readonly recipe: ReinforcementRecipe;
  /** One environment for each that the recipe names, in its order. */
  readonly pool: EnvironmentPool;
  /** Episodes of rollouts have seeds below this, evaluations from it on. */
  readonly seedLimit: number;
  /** The exact command, for provenance.json. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Trains, or continues, the run in `folder`; see `train` for how it ends. Updates begin with fresh episodes, so that a run that is
 * continued after any of them repeats exactly.
 */
export async function reinforcePolicy(options: ReinforceOptions): Promise<TrainingResult> {
  const { recipe, folder } = options;
  checkLoopConfig(recipe.loop);
  checkReinforcement(recipe);
  requireWritableFolder(folder);
  const release = lockFolder(folder);
  try {
    return await reinforceInFolder(options);
  } finally {
    release();
  }
}

async function reinforceInFolder(options: ReinforceOptions): Promise<TrainingResult> {
  const { recipe, folder, pool, command, versions, evaluate, signal, wallClock, progressStream, seedLimit } = options;
  const base = readPolicyCheckpoint(recipe.base, {}, wholeWeights);
  requireActing(base);
  requirePool(pool, base, recipe);
  const { family, config, codec, settings } = base;
  const ac = createActorCritic({
    family,
    config,
    codec,
    learn: recipe.learn,
    valueHead: recipe.valueHead,
    sde: recipe.sde,
    eulerSteps: settings.eulerSteps,
    execute: recipe.rollout.execute,
  });
  const policy = weightsInMemory(base);
  const learner = await createPpoLearner({ ac, recipe, policy, pool, seedLimit });
  try {
    return await train({
      folder,
      identity: runIdentity(recipe, base),
      config: recipe.loop,
      label: 'reinforce',
      unit: 'updates',
      learner,
      batches: { batch: async () => ({}) },
      begin() {
        writeFileAtomic(path.join(folder, RECIPE_FILE), `${JSON.stringify(recipe, null, 2)}\n`);
        writeProvenance(folder, { command, seed: recipe.seed, versions }, []);
      },
      files: (step, metrics) => ({
        ...policyFiles(base),
        'training.json': { recipe, step, seed: recipe.seed, versions, metrics },
      }),
      evaluate,
      signal,
      wallClock,
      ...(progressStream === undefined ? {} : { progressStream }),
    });
  } finally {
    await learner.close();
  }
}

/** The part of a recipe that the numbers depend on, and the policy that they begin with. */
function runIdentity(recipe: ReinforcementRecipe, { checkpoint }: PolicyCheckpoint): string {
  const { seed, learn, rollout, sde, valueHead, gae, ppo, update, optimiser, loop, device } = recipe;
  // Nothing in an update depends on how many there are: a run may be made longer.
  const parts = { seed, learn, rollout, sde, valueHead, gae, ppo, update, optimiser, logEvery: loop.logEvery, device };
  const content = JSON.stringify({ ...parts, base: checkpoint.sha256() });
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** The base's files beside its weights. */
function policyFiles({ checkpoint }: PolicyCheckpoint): CheckpointFiles {
  const names = ['config', 'codec', 'policy', 'tokenizer', 'tokenizer_config', 'embodiment'] as const;
  return Object.fromEntries(names.map((name) => [`${name}.json`, checkpoint.json(`${name}.json`)]));
}

/** All weights as f32; those of a published base are read from its files. */
function weightsInMemory({ checkpoint, weights }: PolicyCheckpoint): Record<string, Tensor> {
  const content = checkpoint.published === null ? weights : checkpoint.weights();
  return Object.fromEntries(
    Object.entries(content).map(([name, tensor]) => {
      if (!('file' in tensor) && tensor.dtype === 'f32' && tensor.data.length === elementCount(tensor.shape)) {
        return [name, tensor];
      }
      throw new VlaError('unsupported', `${checkpoint.folder}: expected f32 weights to train, got another "${name}".`, {
        hint: 'Train from a checkpoint that vlakit wrote.',
      });
    }),
  );
}

function requireActing({ mode, checkpoint }: PolicyCheckpoint): void {
  if (mode.kind === 'direct') return;
  throw new VlaError(
    'unsupported',
    `${checkpoint.folder}: expected a policy that acts at once, got one that reasons.`,
    {
      hint: 'Set the mode in its policy.json to direct for reinforcement learning.',
    },
  );
}

/** The environments' robot and cameras must be those that the policy was trained with, and the tasks theirs. */
function requirePool(
  pool: EnvironmentPool,
  { codec, embodiment, checkpoint }: PolicyCheckpoint,
  recipe: ReinforcementRecipe,
): void {
  requireEmbodiment(codec.config, pool.embodiment);
  const sizes = (cameras: typeof embodiment.cameras): string =>
    cameras.map(({ name, width, height }) => `${name} ${width}×${height}`).join(', ');
  if (sizes(pool.embodiment.cameras) !== sizes(embodiment.cameras)) {
    throw new VlaError(
      'mismatch',
      `${checkpoint.folder}: expected cameras ${sizes(embodiment.cameras)}, got ${sizes(pool.embodiment.cameras)}.`,
      { hint: 'Open the environments with the image size that the policy was trained with.' },
    );
  }
  const missing = Object.keys(recipe.rollout.environments).find((task) => !pool.tasks.includes(task));
  if (missing === undefined) return;
  throw new VlaError(
    'not-found',
    `rollout.environments: expected tasks of ${pool.tasks.join(', ')}, got "${missing}".`,
    {
      hint: 'Correct it in the recipe.',
    },
  );
}
