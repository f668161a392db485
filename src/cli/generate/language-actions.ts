/** @file `vlakit generate language-actions`: instructions and trajectories of arms, without pictures; one LeRobot v3.0 dataset per arm. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { commandLine } from '../../benchmarks/provenance.ts';
import { ACTION_STYLES, type ActionStyle } from '../../simulation/language-actions/embodiment.ts';
import { TRAJECTORY_HZ } from '../../simulation/language-actions/generate.ts';
import { ROBOTS } from '../../simulation/language-actions/robots.ts';
import { TEMPLATES } from '../../simulation/language-actions/templates.ts';
import { nameList, oneOf, wholeNumber } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';
import type { Generator } from './generator.ts';
import { generateLanguageActions } from './language-action-dataset.ts';

/** Trajectories with instructions and without pictures. */
export const languageActions: Generator = {
  name: 'language-actions',
  summary: 'Trajectories of arms with instructions and without pictures, a dataset per arm',
  define,
};

interface Options {
  readonly out: string;
  readonly robots: string[];
  readonly templates: string[];
  readonly episodes: number;
  readonly seed: number;
  readonly rate: number;
  readonly actions: ActionStyle;
  readonly replace?: true;
}

/** Adds the options and the action. */
function define(command: Command): void {
  const [robots, templates] = [Object.keys(ROBOTS), Object.keys(TEMPLATES)];
  command
    .requiredOption('--out <folder>', 'where the datasets go: <folder>/<robot>')
    .option('--robots <names>', `of ${robots.join(', ')}; default all`, nameList, robots)
    .option('--templates <names>', `of ${templates.join(', ')}; default all`, nameList, templates)
    .option('--episodes <n>', 'of each arm; the templates take turns', wholeNumber(1), 600)
    .option('--seed <n>', 'the same seed makes the same datasets', wholeNumber(0), 0)
    .option('--rate <hertz>', 'frames per second', wholeNumber(1), TRAJECTORY_HZ)
    .option(
      '--actions <style>',
      `${ACTION_STYLES.join(' (absolute) or ')} (changes of the hand, as on the tabletop)`,
      oneOf(ACTION_STYLES),
      'joints' as const,
    )
    .option('--replace', 'delete the datasets that are there')
    .action(run);
}

async function run({ out, robots, replace, ...config }: Options): Promise<void> {
  for (const robot of robots) {
    const root = path.join(out, robot);
    const made = await withInterrupt('Stopping after this trajectory …', (signal) =>
      generateLanguageActions({
        ...config,
        robot,
        root,
        existing: replace === true ? 'replace' : 'resume',
        command: commandLine(),
        signal,
      }),
    );
    process.stdout.write(`${root}: ${made.episodes} episodes, ${made.frames} frames\n`);
  }
}
