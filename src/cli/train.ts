/** @file `vlakit train`: a policy from a recipe and its data; the same command continues an interrupted run. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { RECIPES } from '../../recipes/index.ts';
import { evaluationWorld, type Recipe } from '../../recipes/recipe.ts';
import { VlaError } from '../base/errors.ts';
import { commandLine, versions } from '../benchmarks/provenance.ts';
import { parseEpisodes } from '../data/lerobot/catalogue.ts';
import type { TrainingResult } from '../training/loop.ts';
import { trainPolicy } from '../training/train-policy.ts';
import { withInterrupt } from './interrupt.ts';
import { checkOpenLoop, measureOpenLoop } from './open-loop.ts';
import { recipeArgument, resolveRecipe } from './recipe-options.ts';
import { checkEvaluation, validate } from './validation.ts';

interface Options {
  readonly set: string[];
  readonly dataset?: string;
  readonly episodes?: string;
  readonly out?: string;
  readonly printRecipe?: true;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  recipeArgument(command)
    .option('--dataset <folder>', 'train on this LeRobot dataset instead of the recipe’s first one')
    .option('--episodes <list>', 'which of its episodes: "all", "present", or a list such as 0-4,7')
    .option('--out <folder>', 'the run (default: runs/RECIPE); an interrupted one is continued')
    .option('--print-recipe', 'print the recipe with all overrides and do nothing')
    .action((recipe: string, options: Options) => run(recipe, options));
}

async function run(name: string, options: Options): Promise<void> {
  const recipe = withDataset(await resolveRecipe(name, options.set), options);
  if (options.printRecipe === true) {
    process.stdout.write(`${JSON.stringify(recipe, null, 2)}\n`);
    return;
  }
  const folder = options.out ?? path.join('runs', recipe.name);
  await withInterrupt('Stopping; what is done will be kept.', async (signal) => {
    const { checkpoint } = await trainRecipe(recipe, folder, signal);
    if (recipe.openLoop !== null) await measureOpenLoop(recipe, recipe.openLoop, folder, signal);
    process.stdout.write(`${checkpoint}\n`);
  });
}

/** Trains a recipe into a run folder, or continues there. */
export async function trainRecipe(recipe: Recipe, folder: string, signal: AbortSignal): Promise<TrainingResult> {
  requireBase(recipe);
  checkOpenLoop(recipe);
  checkEvaluation(recipe);
  const { evaluation, record, device } = recipe;
  const workers = device.threads * device.replicas;
  const world = evaluationWorld(recipe);
  return trainPolicy({
    recipe,
    folder,
    command: commandLine(),
    versions: versions(),
    evaluate:
      evaluation === null || record === null
        ? null
        : (checkpoint) =>
            validate(
              evaluation,
              checkpoint,
              { imageSize: record.imageSize, ...(world === undefined ? {} : { world }) },
              workers,
              signal,
            ),
    signal,
    wallClock: () => Date.now() / 1000,
  });
}

/** A stage whose predecessor was not trained yet says which one that is. */
function requireBase({ name, tuning }: Recipe): void {
  const base = tuning?.base;
  const before = RECIPES.find((recipe) => base === path.join('runs', recipe.name));
  if (base == null || before === undefined || fs.existsSync(base)) return;
  throw new VlaError('not-found', `recipe ${name}: expected the run that it starts from in ${base}, got none.`, {
    hint: `Train it first: vlakit train ${before.name}. Or name another: --set tuning.base=….`,
  });
}

/** The recipe with another first dataset. */
function withDataset(recipe: Recipe, { dataset, episodes }: Options): Recipe {
  if (dataset === undefined && episodes === undefined) return recipe;
  const [first, ...rest] = recipe.data.datasets;
  if (first === undefined) {
    throw new VlaError('bad-argument', `recipe ${recipe.name}: expected one with robot data for --dataset, got none.`, {
      hint: 'Its conversations are named in data.conversations: --set data.conversations.0.root=…',
    });
  }
  const changed = {
    ...first,
    ...(dataset === undefined ? {} : { root: dataset }),
    ...(episodes === undefined ? {} : { episodes: parseEpisodes(episodes) }),
  };
  return { ...recipe, data: { ...recipe.data, datasets: [changed, ...rest] } };
}
