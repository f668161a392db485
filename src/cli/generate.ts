/** @file `vlakit generate`: data made here, one subcommand per kind of data. */

import type { Command } from 'commander';
import type { Generator } from './generate/generator.ts';
import { visionLanguage } from './generate/vision-language.ts';

const GENERATORS: readonly Generator[] = [visionLanguage];

/** Adds a subcommand per kind of data. */
export function define(command: Command): void {
  for (const { name, summary, define: fill } of GENERATORS)
    fill(command.command(name).summary(summary).description(summary));
/** @file `vlakit generate`: datasets that are made up rather than recorded, one kind per file in `generate/`. */

import type { Command } from 'commander';
import type { CommandFile } from './program.ts';
import * as languageActions from './generate/language-actions.ts';

/** A kind of dataset: the word behind `vlakit generate`, and the file that defines its options. */
interface GeneratedKind extends CommandFile {
  readonly summary: string;
}

const KINDS: Readonly<Record<string, GeneratedKind>> = {
  'language-actions': languageActions,
};

/** Adds a command for every kind. */
export function define(command: Command): void {
  for (const [name, kind] of Object.entries(KINDS)) {
    kind.define(command.command(name).summary(kind.summary).description(`${kind.summary}.`));
  }
}
