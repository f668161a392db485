/** @file The recipes by name: a hand-written list. */

import { lookUp } from '../src/base/errors.ts';
import { debug } from './debug.ts';
import { g1Bottle } from './g1-bottle.ts';
import { liberoSpatialTiny } from './libero-spatial-tiny.ts';
import { stages } from './stages/index.ts';
import { quickstart } from './quickstart.ts';
import { quickstartFamilies } from './quickstart-families.ts';
import { realTime } from './real-time.ts';
import type { Recipe } from './recipe.ts';
import { tabletop } from './tabletop.ts';

/** All recipes, the shortest first. */
export const RECIPES: readonly Recipe[] = [
  debug,
  quickstart,
  ...quickstartFamilies,
  ...stages,
  ...realTime,
  g1Bottle,
  tabletop,
  liberoSpatialTiny,
];

/** The recipe of this name; a miss suggests the nearest. */
export function findRecipe(name: string): Recipe {
  return lookUp('recipe', name, Object.fromEntries(RECIPES.map((recipe) => [recipe.name, recipe])));
}
