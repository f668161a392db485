/** @file `vlakit generate human-hands`: made-up hands of a person at a table, as a LeRobot v3.0 dataset. */

import process from 'node:process';
import type { Command } from 'commander';
import { commandLine } from '../../benchmarks/provenance.ts';
import { wholeNumber } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';
import type { Generator } from './generator.ts';

/** Two hands that reach, grasp and put down, seen from the head. */
export const humanHands: Generator = {
  name: 'human-hands',
  summary: 'Hands of a person that reach, grasp and put down, seen from the head',
  define,
};

interface Options {
  readonly out: string;
  readonly episodes: number;
  readonly seed: number;
  readonly imageSize: number;
  readonly replace?: true;
}

function define(command: Command): void {
  command
    .requiredOption('--out <folder>', 'the dataset')
    .option('--episodes <n>', 'how many', wholeNumber(1), 300)
    .option('--seed <n>', 'the same seed makes the same dataset', wholeNumber(0), 0)
    .option('--image-size <pixels>', 'side of the camera’s image', wholeNumber(16), 64)
    .option('--replace', 'delete the dataset that is there')
    .action(run);
}

async function run({ out, replace, ...config }: Options): Promise<void> {
  const { generateHumanHands } = await import('./human-hands-dataset.ts');
  const made = await withInterrupt('Stopping after this episode …', (signal) =>
    generateHumanHands({
      ...config,
      root: out,
      existing: replace === true ? 'replace' : 'resume',
      command: commandLine(),
      signal,
    }),
  );
  process.stdout.write(`${out}: ${made.episodes} episodes, ${made.frames} frames\n`);
}
