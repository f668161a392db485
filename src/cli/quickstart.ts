/** @file `vlakit quickstart`: record, train, evaluate and report with one command; the same command continues it. */

import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import type { Recipe } from '../../recipes/recipe.ts';
import { wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { overrideOption, recipeList, resolveRecipe } from './recipe-options.ts';
import { runRecipe } from './whole-run.ts';

interface Options {
  readonly recipe: string;
  readonly set: string[];
  readonly data?: string;
  readonly out?: string;
  readonly workers: number;
}

/** Adds the options and the action. */
export function define(command: Command): void {
  overrideOption(command)
    .option('--recipe <name>', 'which recipe to carry out', 'quickstart')
    .option('--data <folder>', 'the dataset (default: where the recipe says)')
    .option('--out <folder>', 'the run (default: runs/RECIPE)')
    .option('--workers <n>', 'threads for recording and evaluation', wholeNumber(1), os.availableParallelism())
    .addHelpText('after', recipeList())
    .action((options: Options) => run(options));
}

async function run(options: Options): Promise<void> {
  const recipe = withData(await resolveRecipe(options.recipe, options.set), options.data);
  const folder = options.out ?? path.join('runs', recipe.name);
  const report = await withInterrupt('Stopping; what is done will be kept.', (signal) =>
    runRecipe(recipe, { folder, workers: options.workers, signal }),
  );
  process.stdout.write(`${report}\n`);
}

function withData(recipe: Recipe, root: string | undefined): Recipe {
  if (root === undefined) return recipe;
  const [first, ...rest] = recipe.data.datasets;
  return { ...recipe, data: { ...recipe.data, datasets: [{ ...first!, root }, ...rest] } };
}
