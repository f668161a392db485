/** @file `vlakit record`: scripted demonstrations in a built-in world, as a LeRobot v3.0 dataset. */

import os from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { RECIPES } from '../../recipes/index.ts';
import { VlaError } from '../base/errors.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { recipeArgument, resolveRecipe } from './recipe-options.ts';
import { recordDataset } from './recording/record-dataset.ts';

interface Options {
  readonly set: string[];
  readonly out?: string;
  readonly workers: number;
  readonly replace?: true;
  readonly annotations?: true;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  recipeArgument(command)
    .option('--out <folder>', 'the dataset (default: the first one that the recipe trains on)')
    .option(
      '--workers <n>',
      'worker threads; the dataset does not depend on it',
      wholeNumber(1),
      os.availableParallelism(),
    )
    .option('--annotations', 'also write what happens in words (record.annotations of a recipe)')
    .option('--replace', 'delete the dataset that is there')
    .action((recipe: string, options: Options) => run(recipe, options));
}

async function run(name: string, options: Options): Promise<void> {
  const recipe = await resolveRecipe(name, options.set);
  if (recipe.record === null) {
    const names = RECIPES.filter(({ record }) => record !== null).map((one) => one.name);
    throw new VlaError(
      'bad-argument',
      `recipe ${name}: expected one that records, got one that trains on given data.`,
      {
        hint: `Train it as it is (vlakit train ${name}), or record another: ${names.join(', ')}.`,
      },
    );
  }
  const root = options.out ?? recipe.data.datasets[0]!.root;
  const record = options.annotations === true ? { ...recipe.record, annotations: true } : recipe.record;
  const summary = await withInterrupt('Stopping after the episodes under way …', (signal) =>
    recordDataset({
      config: record,
      root,
      existing: options.replace === true ? 'replace' : 'resume',
      workers: options.workers,
      command: commandLine(),
      signal,
    }),
  );
  process.stdout.write(`${root}: ${summary.episodes} episodes, ${summary.frames} frames\n`);
}
