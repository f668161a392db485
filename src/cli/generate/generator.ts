/** @file What a kind of generated data offers to the command line. */

import type { Command } from 'commander';

/** A subcommand of `vlakit generate`. */
export interface Generator {
  readonly name: string;
  readonly summary: string;
  /** Adds options and the action to an empty command; what they need of the product is loaded when the action runs. */
  define(command: Command): void;
}
