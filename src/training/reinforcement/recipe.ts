/** @file What a run of reinforcement learning is made of: plain data, written by hand in recipes/, changed on the command line. */

import { VlaError } from '../../base/errors.ts';
import type { Runtime } from '../../engine/index.ts';
import type { FlowSdeConfig } from '../../models/parts/flow-sde.ts';
import type { ValueHeadConfig } from '../../models/parts/value-head.ts';
import type { LoopConfig } from '../loop.ts';
import { checkOptimiser, type OptimiserConfig } from '../optimiser.ts';
import type { GaeConfig } from './gae.ts';
import { checkPpo, type PpoConfig } from './ppo-loss.ts';

/** How the policy is played to learn from it. */
export interface RolloutConfig {
  /** Environments side by side, by task. */
  readonly environments: Readonly<Record<string, number>>;
  /** Chunks that each environment plays from a fresh episode; episodes that end begin anew in between. */
  readonly chunks: number;
  /** How often they do so before the policy is updated. */
  readonly rounds: number;
  /** Actions of a chunk that are executed. */
  readonly execute: number;
  /** Standard deviation of the noise that sampling starts from, 0 to 1. */
  readonly noiseScale: number;
  /** Whether the last Euler step, whose noise nothing smooths, is never the one that takes chances. */
  readonly spareLastStep: boolean;
}

/** How the policy is updated between rollouts. */
export interface UpdateConfig {
  /** Passes over the rollout's chunks. */
  readonly epochs: number;
  /** Chunks of a minibatch; divides the chunks of a rollout. */
  readonly minibatch: number;
  /** No further pass after one whose mean KL estimate is above this; null: never stop early. */
  readonly klLimit: number | null;
  readonly actorLearningRate: number;
  readonly criticLearningRate: number;
  /** Updates in the beginning in which only the critic learns. */
  readonly criticWarmup: number;
}

/** A whole run; a step of its loop is an update: a rollout, and minibatches from it. */
export interface ReinforcementRecipe {
  readonly seed: number;
  /** The policy to begin with: a checkpoint or a training run. */
  readonly base: string;
  /** `expert`: the vision-language model stays as it is. */
  readonly learn: 'all' | 'expert';
  readonly rollout: RolloutConfig;
  readonly sde: FlowSdeConfig;
  readonly valueHead: ValueHeadConfig;
  readonly gae: GaeConfig;
  readonly ppo: PpoConfig;
  readonly update: UpdateConfig;
  readonly optimiser: Omit<OptimiserConfig, 'emaDecay'>;
  readonly loop: LoopConfig;
  readonly device: { readonly runtime: Runtime; readonly threads: number };
}

/** Environments of a rollout: the task of each. */
export function environmentTasks({ environments }: RolloutConfig): string[] {
  return Object.entries(environments).flatMap(([task, count]) => Array<string>(count).fill(task));
}

/** Chunks of one rollout. */
export function chunksOf(rollout: RolloutConfig): number {
  return environmentTasks(rollout).length * rollout.chunks * rollout.rounds;
}

/** Throws `bad-argument` that names the field for a recipe that cannot work. */
export function checkReinforcement(recipe: ReinforcementRecipe): void {
  const { rollout, update, gae, ppo, optimiser, device, learn } = recipe;
  const whole = (x: number, low = 1): boolean => Number.isSafeInteger(x) && x >= low;
  const check = (name: string, value: unknown, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError('bad-argument', `${name}: expected ${range}, got ${String(value)}.`, {
      hint: `Correct it in the recipe, or with --set ${name}=…`,
    });
  };
  for (const [task, count] of Object.entries(rollout.environments)) {
    check(`rollout.environments.${task}`, count, whole(count, 0), 'a whole number from 0');
  }
  const chunks = chunksOf(rollout);
  for (const name of ['chunks', 'rounds', 'execute'] as const) {
    check(`rollout.${name}`, rollout[name], whole(rollout[name]), 'a whole number of at least 1');
  }
  check('rollout.environments', 'none', chunks > 0, 'at least one environment');
  const { noiseScale } = rollout;
  check('rollout.noiseScale', noiseScale, noiseScale >= 0 && noiseScale <= 1, 'a number from 0 to 1');
  for (const name of ['epochs', 'minibatch'] as const) {
    check(`update.${name}`, update[name], whole(update[name]), 'a whole number of at least 1');
  }
  const divides = chunks % update.minibatch === 0;
  check('update.minibatch', update.minibatch, divides, `a number that divides the ${chunks} chunks of a rollout`);
  check('update.criticWarmup', update.criticWarmup, whole(update.criticWarmup, 0), 'a whole number from 0');
  check('update.klLimit', update.klLimit, update.klLimit === null || update.klLimit > 0, 'a positive number or null');
  for (const name of ['actorLearningRate', 'criticLearningRate'] as const) {
    check(`update.${name}`, update[name], update[name] >= 0 && Number.isFinite(update[name]), 'a number from 0');
  }
  for (const name of ['discount', 'lambda'] as const) {
    check(`gae.${name}`, gae[name], gae[name] >= 0 && gae[name] <= 1, 'a number from 0 to 1');
  }
  check('device.threads', device.threads, whole(device.threads), 'a whole number of at least 1');
  check('learn', learn, learn === 'all' || learn === 'expert', '"all" or "expert"');
  checkPpo(ppo);
  checkOptimiser({ ...optimiser, emaDecay: null });
}
