/** @file The six task templates (papers/qwen-vla, section 3.2.3). */

import type { Template } from './template.ts';
import { pickAndPlace } from './templates/pick-and-place.ts';
import { pull } from './templates/pull.ts';
import { push } from './templates/push.ts';
import { rotateAndMove } from './templates/rotate-and-move.ts';
import { rotateToView } from './templates/rotate-to-view.ts';
import { swap } from './templates/swap.ts';

/** By name. */
export const TEMPLATES: Readonly<Record<string, Template>> = Object.fromEntries(
  [pickAndPlace, push, pull, rotateAndMove, rotateToView, swap].map((template) => [template.name, template]),
);
