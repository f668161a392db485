/** @file Whether reinforcement learning raises success where it plays, and what it does to what it never plays. */

import { quickstart } from '../quickstart.ts';
import { rlTabletop } from '../rl-tabletop.ts';
import type { Arm, Comparison, Study } from './study.ts';
import { TABLETOP_SUCCESS } from './study-parts.ts';

/** Early enough that the policy succeeds in three of four tries. */
const IMITATION = 1000;
const UPDATES = 40;

const imitation: Arm['stages'][number] = { kind: 'train', recipe: quickstart, set: [`loop.steps=${IMITATION}`] };

/** Rollouts of one task; the others are never played. */
const reinforcement: Arm['stages'][number] = {
  kind: 'reinforce',
  recipe: rlTabletop,
  set: [
    'rollout.environments={"touch":32}',
    'rollout.chunks=8',
    'update.minibatch=64',
    `loop.steps=${UPDATES}`,
    'loop.evaluateEvery=null',
    'evaluation.tasks=["touch"]',
  ],
};

const MEASUREMENTS: Arm['measurements'] = [
  { ...TABLETOP_SUCCESS, name: 'played', tasks: ['touch'], episodes: 200 },
  { ...TABLETOP_SUCCESS, name: 'looks', tasks: ['touch'], conditions: ['dimmed-light'], episodes: 200 },
  { ...TABLETOP_SUCCESS, name: 'elsewhere', tasks: ['push', 'lift'] },
];

const compare = (measurement: string, series: string, paper: string): Comparison => ({
  arm: 'reinforced',
  against: 'imitation',
  measurement,
  series,
  paper,
});

/** A policy of imitation, and the same after it played one of its three tasks. */
export const reinforcementStudy: Study = {
  name: 'reinforcement',
  question: 'Does reinforcement learning raise success in its environment without lowering it elsewhere?',
  claim:
    '+2.9 points in SimplerEnv, where it trains, +0.7 on RoboCasa and +0.1 on LIBERO, where it does not (papers/qwen-vla, table 11)',
  seeds: 3,
  budget: null,
  arms: [
    { name: 'imitation', title: 'imitation', start: null, stages: [imitation], measurements: MEASUREMENTS },
    {
      name: 'reinforced',
      title: 'imitation, then touch by reinforcement',
      start: null,
      stages: [imitation, reinforcement],
      measurements: MEASUREMENTS,
    },
  ],
  comparisons: [
    compare('played', 'base', '+2.9 points'),
    compare('looks', 'dimmed-light', 'says nothing'),
    compare('elsewhere', 'base', 'about 0'),
  ],
  sweep: null,
};
