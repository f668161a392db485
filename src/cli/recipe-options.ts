/** @file How a command line names a recipe and changes it: `RECIPE --set path=value …`. */

import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { debug } from '../../recipes/debug.ts';
import { RECIPES, findRecipe } from '../../recipes/index.ts';
import type { Recipe } from '../../recipes/recipe.ts';
import { VlaError } from '../base/errors.ts';
import { importModule } from '../base/user-module.ts';
import { applyOverrides } from '../training/overrides.ts';

/** Adds the recipe argument and `--set`. */
export function recipeArgument(command: Command): Command {
  return overrideOption(
    command.argument('<recipe>', 'one of the recipes below, or a module of yours that exports `recipe`'),
  ).addHelpText('after', recipeList());
}

/** Adds `--set`. */
export function overrideOption(command: Command): Command {
  return command.option('--set <path=value>', 'change one value of the recipe; may be given often', collect, []);
}

/** The recipes, a line each, for help texts. */
export function recipeList(): string {
  return `\nRecipes:\n${RECIPES.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}\n`;
}

/** The recipe of this name (misses suggest the nearest), or the one that a module exports, with its overrides. */
export async function resolveRecipe(word: string, overrides: readonly string[]): Promise<Recipe> {
  const recipe = applyOverrides(/\.[cm]?[jt]s$/.test(word) ? await recipeOfModule(word) : findRecipe(word), overrides);
  const { datasets, conversations = [] } = recipe.data;
  if (datasets.length + conversations.length > 0) return recipe;
  throw new VlaError(
    'bad-argument',
    `recipe ${word}: expected at least one dataset in data.datasets or data.conversations, got none.`,
    {
      hint: 'Leave the recipe’s own, and name the folder with --dataset.',
    },
  );
}

async function recipeOfModule(file: string): Promise<Recipe> {
  const full = path.resolve(file);
  if (!fs.existsSync(full)) {
    throw new VlaError('not-found', `${file}: expected a module, got no such file.`, { hint: 'Check the path.' });
  }
  const { recipe } = (await importModule(pathToFileURL(full).href)) as { recipe?: Partial<Recipe> };
  const missing = Object.keys(debug).filter((key) => !Object.hasOwn(recipe ?? {}, key));
  if (recipe === undefined || missing.length > 0) {
    const got = recipe === undefined ? 'no such export' : `one without ${missing.join(', ')}`;
    throw new VlaError('bad-argument', `${file}: expected an export \`recipe\` with all fields, got ${got}.`, {
      hint: 'Begin with one that exists: export const recipe = { ...debug, name: "mine" }.',
    });
  }
  return recipe as Recipe;
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
