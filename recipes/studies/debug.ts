/** @file The smallest study, about a minute long: the test of the machinery. Its arms learn nothing worth comparing. */

import { debug } from '../debug.ts';
import type { Recipe } from '../recipe.ts';
import type { Study } from './study.ts';
import { TABLETOP_SUCCESS } from './study-parts.ts';

const success = { ...TABLETOP_SUCCESS, tasks: debug.evaluation!.tasks, episodes: 2, execute: 2 };

/** The debug recipe again, from where it ended. */
const further: Recipe = {
  ...debug,
  name: 'debug-further',
  tuning: { base: 'runs/debug', fresh: [], freeze: [], lora: null, save: 'whole' },
};

/** Forty steps in one stage, or twenty and twenty: the second arm and the third share their first stage. */
export const debugStudy: Study = {
  name: 'debug',
  question: 'Does the machinery of studies work?',
  claim: 'none: a test of seconds',
  seeds: 3,
  budget: { samples: 160, of: 'all-stages' },
  arms: [
    {
      name: 'at-once',
      title: 'forty steps at once',
      start: null,
      stages: [{ kind: 'train', recipe: debug, set: ['loop.steps=40'] }],
      measurements: [success],
    },
    {
      name: 'in-two',
      title: 'twenty, then twenty',
      start: null,
      stages: [
        { kind: 'train', recipe: debug, set: [] },
        { kind: 'train', recipe: further, set: [] },
      ],
      measurements: [success],
    },
    {
      name: 'frozen',
      title: 'twenty, then the expert alone',
      start: null,
      stages: [
        { kind: 'train', recipe: debug, set: [] },
        { kind: 'train', recipe: further, set: ['tuning.freeze=["model.**"]'] },
      ],
      measurements: [success],
    },
  ],
  comparisons: [
    { arm: 'in-two', against: 'at-once', measurement: 'success', series: 'base', paper: 'says nothing' },
    { arm: 'in-two', against: 'frozen', measurement: 'success', series: 'base', paper: 'says nothing' },
  ],
  sweep: null,
};
