/** @file `vlakit record`: scripted demonstrations in a built-in world, or in a suite of LIBERO, as a LeRobot v3.0 dataset. */

import os from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { RECIPES } from '../../recipes/index.ts';
import { VlaError } from '../base/errors.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import type { RecordConfig } from '../../recipes/recording.ts';
import { nameList, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { recipeArgument, resolveRecipe } from './recipe-options.ts';
import { liberoSuiteOf } from './recording/open-world.ts';
import { recordDataset } from './recording/record-dataset.ts';
import { suiteRecording, type SuiteRecordingOptions } from './recording/suite-recording.ts';

interface Options extends SuiteRecordingOptions {
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
    .option('--episodes <n>', 'of a suite of LIBERO (libero-spatial, …) in place of a recipe', wholeNumber(1))
    .option('--seed <n>', 'the same: of its random streams', wholeNumber(0))
    .option('--image-size <pixels>', 'the same: both cameras', wholeNumber(16))
    .option('--tasks <names>', 'the same: some of its tasks, with commas', nameList)
    .option('--annotations', 'also write what happens in words (record.annotations of a recipe)')
    .option('--replace', 'delete the dataset that is there')
    .action((recipe: string, options: Options) => run(recipe, options));
}

async function run(name: string, options: Options): Promise<void> {
  const suite = liberoSuiteOf(name);
  const { root, config } =
    suite === null
      ? await recipeRecording(name, options)
      : { root: `data/${name}`, config: suiteRecording(suite, options) };
  const record = options.annotations === true ? { ...config, annotations: true } : config;
  const summary = await withInterrupt('Stopping after the episodes under way …', (signal) =>
    recordDataset({
      config: record,
      root: options.out ?? root,
      existing: options.replace === true ? 'replace' : 'resume',
      workers: options.workers,
      command: commandLine(),
      signal,
    }),
  );
  process.stdout.write(`${options.out ?? root}: ${summary.episodes} episodes, ${summary.frames} frames\n`);
}

/** What a recipe records, and where to. Options that only suites take are refused. */
async function recipeRecording(name: string, options: Options): Promise<{ root: string; config: RecordConfig }> {
  for (const option of ['episodes', 'seed', 'imageSize', 'tasks'] as const) {
    if (options[option] === undefined) continue;
    throw new VlaError('bad-argument', `--${option}: expected a suite of LIBERO, got the recipe ${name}.`, {
      hint: `Of a recipe, change it by --set record.${option}=…`,
    });
  }
  const recipe = await resolveRecipe(name, options.set);
  const root = recipe.data.datasets[0]!.root;
  if (recipe.record !== null) return { root, config: recipe.record };
  const names = RECIPES.filter(({ record }) => record !== null).map((one) => one.name);
  throw new VlaError('bad-argument', `recipe ${name}: expected one that records, got one that trains on given data.`, {
    hint: `Train it as it is (vlakit train ${name}), or record another: ${names.join(', ')}.`,
  });
}
