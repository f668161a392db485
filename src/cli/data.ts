/** @file `vlakit data`: look at and prepare datasets before a run: a preview, cleaning, keyframes, pseudo-actions. */

import type { Command } from 'commander';
import { defineClean } from './data/clean.ts';
import { defineKeyframes } from './data/keyframes.ts';
import { definePreview } from './data/preview.ts';
import { definePseudoActions } from './data/pseudo-actions.ts';

/** Adds the commands below it. */
export function define(command: Command): void {
  definePreview(command.command('preview').summary('show what a recipe would be trained on'));
  defineClean(command.command('clean').summary('find what is unfit for training, and write which frames are kept'));
  defineKeyframes(command.command('keyframes').summary('choose frames where the robot has moved, among those kept'));
  definePseudoActions(
    command.command('pseudo-actions').summary('copy a dataset without actions, with actions made of its states'),
  );
}
