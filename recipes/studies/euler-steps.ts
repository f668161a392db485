/** @file Euler steps and executed actions against success and latency, for the experts of the four families. */

import { FAMILIES } from '../../src/models/families.ts';
import type { Arm, Study } from './study.ts';
import { TABLETOP_SUCCESS } from './study-parts.ts';

/** The quickstart's policy, which ships with the package, and those of `vlakit quickstart --recipe quickstart-FAMILY`. */
const STARTS: Readonly<Record<string, string>> = {
  dm0: 'runs/quickstart-dm0',
  'xiaomi-robotics-0': 'runs/quickstart-xiaomi-robotics-0',
  'qwen-vla': 'runs/quickstart-qwen-vla',
  'zr-0': 'shipped:quickstart',
};

/** One figure: what fewer steps and longer open-loop execution cost, and what they save. */
export const eulerSteps: Study = {
  name: 'euler-steps',
  question: 'How many Euler steps does each expert need, and how many actions of a chunk may be executed?',
  claim:
    'DM0 samples in 10 Euler steps, Xiaomi-Robotics-0 and ZR-0 in 5, Qwen-VLA in "few" (their code and papers); none shows success over the number of steps',
  seeds: 3,
  budget: null,
  arms: Object.entries(STARTS).map(([name, start]): Arm => ({
    name,
    title: FAMILIES[name]!.title,
    start,
    stages: [],
    measurements: [TABLETOP_SUCCESS],
  })),
  comparisons: [],
  sweep: {
    eulerSteps: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    execute: [1, 2, 4, 8],
    latency: { rounds: 15, inferences: 10 },
  },
};
