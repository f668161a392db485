/** @file `vlakit generate`: data made here, one subcommand per kind of data. */

import type { Command } from 'commander';
import type { Generator } from './generate/generator.ts';
import { humanHands } from './generate/human-hands.ts';
import { languageActions } from './generate/language-actions.ts';
import { visionLanguage } from './generate/vision-language.ts';

const GENERATORS: readonly Generator[] = [humanHands, languageActions, visionLanguage];

/** Adds a subcommand per kind of data. */
export function define(command: Command): void {
  for (const { name, summary, define: fill } of GENERATORS)
    fill(command.command(name).summary(summary).description(summary));
}
