/** @file Whether text-to-action pretraining helps, in whole trajectories or in chunks, and under which laws of flow time. */

import type { TimeLaw } from '../../src/models/parts/flow-matching.ts';
import { BETA, FULL_SEQUENCE, SIGMOID_NORMAL } from '../stages/qwen-vla.ts';
import { findStage } from '../stages/index.ts';
import type { Arm, Comparison, Study } from './study.ts';
import { TOUCH_EPISODES, TOUCH_SUCCESS } from './study-parts.ts';

/** Steps of text to action, and of fine-tuning: so many that the arm without text to action succeeds now and then. */
const [PRETRAIN, STEPS] = [1000, 1500];
/** The tiny vision-language model that every arm starts from, as the paper's start from one. */
const START = 'runs/qwen-vla-vlm';
const CHUNK = 8;

const timeLaw = (law: TimeLaw): string => `model.config.time=${JSON.stringify(law)}`;

/** Text to action: whole trajectories from their beginning, or chunks from anywhere. */
const textToAction = (law: TimeLaw, horizon: number): Arm['stages'][number] => ({
  kind: 'train',
  recipe: findStage('qwen-vla-t2a'),
  set: [
    timeLaw(law),
    `loop.steps=${PRETRAIN}`,
    ...(horizon === FULL_SEQUENCE
      ? []
      : [`codec.horizon=${horizon}`, 'data.datasets.0.frames=all', 'data.datasets.1.frames=all']),
  ],
});

/** On one task and robots alone: questions would cost a third of the time, and the claim is about actions. */
const fineTuning = (law: TimeLaw): Arm['stages'][number] => ({
  kind: 'train',
  recipe: findStage('qwen-vla-sft'),
  set: [
    timeLaw(law),
    `loop.steps=${STEPS}`,
    'schedule.learningRate=0.002',
    'data.conversations=[]',
    TOUCH_EPISODES,
    'data.datasets.0.samplesPerStep=16',
  ],
});

const arm = (name: string, title: string, stages: Arm['stages']): Arm => ({
  name,
  title,
  start: START,
  stages,
  measurements: [TOUCH_SUCCESS],
});

const against = (first: string, second: string, paper: string): Comparison => ({
  arm: first,
  against: second,
  measurement: TOUCH_SUCCESS.name,
  series: 'base',
  paper,
});

/** Six arms with the same fine-tuning; what comes before it differs. */
export const textToActionStudy: Study = {
  name: 'text-to-action',
  question: 'Does text-to-action pretraining help, and how must it be done?',
  claim:
    'text to action before fine-tuning helps by about 12 points; whole sequences beat chunks; sigmoid-normal times, then Beta times, beat the other pairings (papers/qwen-vla, section 5.2.1 and figure 6)',
  seeds: 3,
  budget: { samples: STEPS * 16, of: 'last-stage' },
  arms: [
    arm('none', 'no text to action', [fineTuning(BETA)]),
    arm('whole', 'whole sequences, sigmoid-normal then Beta', [
      textToAction(SIGMOID_NORMAL, FULL_SEQUENCE),
      fineTuning(BETA),
    ]),
    arm('chunks', 'chunks, sigmoid-normal then Beta', [textToAction(SIGMOID_NORMAL, CHUNK), fineTuning(BETA)]),
    arm('beta-beta', 'whole sequences, Beta then Beta', [textToAction(BETA, FULL_SEQUENCE), fineTuning(BETA)]),
    arm('normal-normal', 'whole sequences, sigmoid-normal twice', [
      textToAction(SIGMOID_NORMAL, FULL_SEQUENCE),
      fineTuning(SIGMOID_NORMAL),
    ]),
    arm('beta-normal', 'whole sequences, Beta then sigmoid-normal', [
      textToAction(BETA, FULL_SEQUENCE),
      fineTuning(SIGMOID_NORMAL),
    ]),
  ],
  comparisons: [
    against('whole', 'none', '+12 points'),
    against('whole', 'chunks', 'better, by 5 points at 10 % synthetic data'),
    against('whole', 'beta-beta', '71.1 against 59.4 %'),
    against('whole', 'normal-normal', '71.1 against 62.8 %'),
    against('whole', 'beta-normal', 'better'),
  ],
  sweep: null,
};
