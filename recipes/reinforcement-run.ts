/** @file What a run of reinforcement learning is: a whole one as a typed value. */

import type { ReinforcementRecipe } from '../src/training/reinforcement/recipe.ts';
import type { EvaluationConfig } from './recipe.ts';

/** Where the environments of a rollout are. */
export interface WorldConfig {
  /** The built-in world (src/simulation/worlds.ts); default: the tabletop. */
  readonly name?: string;
  /** Pixels of its cameras: those that the policy was trained with. */
  readonly imageSize: number;
  /** Threads that play them here. */
  readonly workers: number;
  /** Addresses of environment servers (`ws://host:port`) that play them instead, in equal parts; [] for none. */
  readonly servers: readonly string[];
}

/** A whole run of reinforcement learning. */
export interface ReinforcementRun extends ReinforcementRecipe {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly world: WorldConfig;
  readonly evaluation: EvaluationConfig | null;
}
