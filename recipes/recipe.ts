/** @file What a recipe is: a whole run as one typed value, from recording to evaluation. */

import type { RecordConfig } from './recording.ts';
import type { TrainingRecipe } from '../src/training/recipe.ts';

/** How a trained policy is measured in closed loop. */
export interface EvaluationConfig {
  /** The built-in world (src/simulation/worlds.ts) or suite of LIBERO ("libero-spatial"); default: the one that the recipe records in. */
  readonly world?: string;
  readonly tasks: readonly string[];
  /** "base", "other", "shuffled", "held-out", or perturbations of the environment. */
  readonly conditions: readonly string[];
  /** Episodes per task and condition. */
  readonly episodes: number;
  /** Actions of a chunk that are executed before the next inference. */
  readonly execute: number;
  /** Episodes per task of every evaluation during training (`loop.evaluateEvery`), on seeds of their own. */
  readonly validationEpisodes: number;
}

/** How a trained policy is compared with the held-out episodes of the first dataset. */
export interface OpenLoopConfig {
  /** At every n-th frame. */
  readonly every: number;
}

/** The world that a recipe's policy is measured in; undefined: the default one. */
export function evaluationWorld({ record, evaluation }: Pick<Recipe, 'record' | 'evaluation'>): string | undefined {
  return evaluation?.world ?? record?.world;
}

/** A whole run. `record` and `evaluation` are null where there is no simulator, `openLoop` where nothing is held out. */
export interface Recipe extends TrainingRecipe {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly record: RecordConfig | null;
  readonly evaluation: EvaluationConfig | null;
  readonly openLoop: OpenLoopConfig | null;
}
