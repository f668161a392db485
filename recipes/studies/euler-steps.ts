/** @file Euler steps and executed actions against success and latency, for the experts of the four families. */

import { FAMILIES } from '../../src/models/families.ts';
import { quickstart } from '../quickstart.ts';
import { quickstartFamilies } from '../quickstart-families.ts';
import type { Arm, Study } from './study.ts';
import { TABLETOP_SUCCESS } from './study-parts.ts';

/** A seventh of the quickstart's: early enough that tasks are not all solved. */
const STEPS = 1500;

/** One figure: what fewer steps and longer open-loop execution cost, and what they save. */
export const eulerSteps: Study = {
  name: 'euler-steps',
  question: 'How many Euler steps does each expert need, and how many actions of a chunk may be executed?',
  claim:
    'DM0 samples in 10 Euler steps, Xiaomi-Robotics-0 and ZR-0 in 5, Qwen-VLA in "few" (their code and papers); none shows success over the number of steps',
  seeds: 3,
  budget: { samples: STEPS * 16, of: 'all-stages' },
  arms: [quickstart, ...quickstartFamilies].map((recipe): Arm => {
    const { family } = recipe.model.config;
    return {
      name: family,
      title: FAMILIES[family]!.title,
      start: null,
      stages: [{ kind: 'train', recipe, set: [`loop.steps=${STEPS}`] }],
      measurements: [{ ...TABLETOP_SUCCESS, episodes: 10 }],
    };
  }),
  comparisons: [],
  sweep: {
    eulerSteps: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    execute: [2, 4, 8],
    latency: { rounds: 15, inferences: 10 },
  },
};
