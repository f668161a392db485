/** @file How a command line names a recipe and changes it: `RECIPE --set path=value …`. */

import type { Command } from 'commander';
import { RECIPES, findRecipe } from '../../recipes/index.ts';
import type { Recipe } from '../../recipes/recipe.ts';
import { applyOverrides } from '../training/overrides.ts';

/** Adds the recipe argument and `--set`. */
export function recipeArgument(command: Command): Command {
  return overrideOption(command.argument('<recipe>', 'one of the recipes below')).addHelpText('after', recipeList());
}

/** Adds `--set`. */
export function overrideOption(command: Command): Command {
  return command.option('--set <path=value>', 'change one value of the recipe; may be given often', collect, []);
}

/** The recipes, a line each, for help texts. */
export function recipeList(): string {
  return `\nRecipes:\n${RECIPES.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}\n`;
}

/** The recipe of this name with its overrides; misses suggest the nearest name. */
export function resolveRecipe(name: string, overrides: readonly string[]): Recipe {
  return applyOverrides(findRecipe(name), overrides);
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
