/** @file `vlakit generate vision-language`: questions about pictures of the tabletop, with exact answers. */

import os from 'node:os';
import process from 'node:process';
import type { Command } from 'commander';
import { nameList, wholeNumber } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';
import type { Generator } from './generator.ts';

interface Options {
  readonly out: string;
  readonly samples: number;
  readonly seed: number;
  readonly kinds?: string[];
  readonly tasks?: string[];
  readonly imageSize: number;
  readonly wrist?: true;
  readonly samplesPerPicture: number;
  readonly workers: number;
  readonly replace?: true;
}

/** Questions and answers about the tabletop. */
export const visionLanguage: Generator = {
  name: 'vision-language',
  summary: 'Questions about pictures of the tabletop, with exact answers, as Dexdata',
  define(command: Command) {
    command
      .requiredOption('--out <folder>', 'the dataset')
      .requiredOption('--samples <n>', 'questions', wholeNumber(1))
      .option('--seed <n>', 'another seed gives other scenes and questions', wholeNumber(0), 0)
      .option('--kinds <names>', 'kinds of questions, or topics (default: all)', nameList)
      .option('--tasks <names>', 'what the expert plays (default: all tasks)', nameList)
      .option('--image-size <pixels>', 'side of the pictures', wholeNumber(32), 64)
      .option('--wrist', 'add the picture of the wrist camera')
      .option('--samples-per-picture <n>', 'questions about each picture, each of another kind', wholeNumber(1), 4)
      .option(
        '--workers <n>',
        'worker threads; the data do not depend on it',
        wholeNumber(1),
        os.availableParallelism(),
      )
      .option('--replace', 'delete the dataset that is there')
      .action((options: Options) => run(options));
  },
};

async function run(options: Options): Promise<void> {
  const { generateVisionLanguage } = await import('./vision-language/generate-set.ts');
  const { out, samples, seed, kinds, tasks, imageSize, samplesPerPicture, workers } = options;
  const summary = await withInterrupt('Stopping after the parts under way …', (signal) =>
    generateVisionLanguage({
      root: out,
      samples,
      settings: {
        seed,
        kinds: kinds ?? null,
        tasks: tasks ?? null,
        imageSize,
        wrist: options.wrist === true,
        samplesPerPicture,
      },
      workers,
      replace: options.replace === true,
      signal,
    }),
  );
  const counts = Object.entries(summary.kinds).map(([kind, count]) => `${kind} ${count}`);
  process.stdout.write(
    `${out}: ${summary.samples} questions about ${summary.pictures} pictures: ${counts.join(', ')}\n`,
  );
}
