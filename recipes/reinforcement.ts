/** @file What a recipe of reinforcement learning is, and all of them by name: hand-written lists. */

import { lookUp } from '../src/base/errors.ts';
import type { ReinforcementRecipe } from '../src/training/reinforcement/recipe.ts';
import type { EvaluationConfig } from './recipe.ts';
import { rlDebug, rlTabletop } from './rl-tabletop.ts';

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

/** All of them, the shortest first. */
export const REINFORCEMENT_RECIPES: readonly ReinforcementRun[] = [rlDebug, rlTabletop];

/** The recipe of this name; a miss suggests the nearest. */
export function findReinforcement(name: string): ReinforcementRun {
  return lookUp('recipe', name, Object.fromEntries(REINFORCEMENT_RECIPES.map((recipe) => [recipe.name, recipe])));
}
