/** @file `vlakit reinforce`: a better policy from a policy and its own successes; the same command continues an interrupted run. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { findReinforcement, REINFORCEMENT_RECIPES } from '../../recipes/reinforcement.ts';
import type { ReinforcementRun } from '../../recipes/reinforcement-run.ts';
import { FIRST_EVALUATION_SEED } from '../benchmarks/protocol.ts';
import { commandLine, versions } from '../benchmarks/provenance.ts';
import type { TrainingResult } from '../training/loop.ts';
import { checkReinforcement } from '../training/reinforcement/recipe.ts';
import { reinforcePolicy } from '../training/reinforcement/reinforce.ts';
import { applyOverrides } from '../training/overrides.ts';
import { withInterrupt } from './interrupt.ts';
import { openPool, worldChoice } from './reinforcement/open-pool.ts';
import { overrideOption } from './recipe-options.ts';
import { validate } from './validation.ts';

interface Options {
  readonly set: string[];
  readonly base?: string;
  readonly out?: string;
  readonly printRecipe?: true;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  const list = REINFORCEMENT_RECIPES.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n');
  overrideOption(command.argument('<recipe>', 'one of the recipes below').addHelpText('after', `\nRecipes:\n${list}\n`))
    .option('--base <folder>', 'the checkpoint or run to begin with (default: the recipe’s)')
    .option('--out <folder>', 'the run (default: runs/RECIPE); an interrupted one is continued')
    .option('--print-recipe', 'print the recipe with all overrides and do nothing')
    .action((recipe: string, options: Options) => run(recipe, options));
}

async function run(name: string, options: Options): Promise<void> {
  const changed = applyOverrides(findReinforcement(name), options.set);
  const recipe: ReinforcementRun = { ...changed, ...(options.base === undefined ? {} : { base: options.base }) };
  checkReinforcement(recipe);
  if (options.printRecipe === true) {
    process.stdout.write(`${JSON.stringify(recipe, null, 2)}\n`);
    return;
  }
  const folder = options.out ?? path.join('runs', recipe.name);
  await withInterrupt('Stopping after this update; what is done will be kept.', async (signal) => {
    const { checkpoint } = await reinforceRecipe(recipe, folder, signal);
    process.stdout.write(`${checkpoint}\n`);
  });
}

/** Trains a recipe into a run folder, or continues there. */
export async function reinforceRecipe(
  recipe: ReinforcementRun,
  folder: string,
  signal: AbortSignal,
): Promise<TrainingResult> {
  const { evaluation, world } = recipe;
  const pool = await openPool(recipe);
  try {
    return await reinforcePolicy({
      recipe,
      folder,
      pool,
      seedLimit: FIRST_EVALUATION_SEED,
      command: commandLine(),
      versions: versions(),
      evaluate:
        evaluation === null ? null : (one) => validate(evaluation, one, worldChoice(world), world.workers, signal),
      signal,
      wallClock: () => Date.now() / 1000,
    });
  } finally {
    await pool.close();
  }
}
