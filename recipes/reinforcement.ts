/** @file The runs of reinforcement learning by name: a hand-written list. */

import { lookUp } from '../src/base/errors.ts';
import type { ReinforcementRun } from './reinforcement-run.ts';
import { rlDebug, rlTabletop } from './rl-tabletop.ts';

/** All of them, the shortest first. */
export const REINFORCEMENT_RECIPES: readonly ReinforcementRun[] = [rlDebug, rlTabletop];

/** The recipe of this name; a miss suggests the nearest. */
export function findReinforcement(name: string): ReinforcementRun {
  return lookUp('recipe', name, Object.fromEntries(REINFORCEMENT_RECIPES.map((recipe) => [recipe.name, recipe])));
}
