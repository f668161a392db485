/** @file Whether a vision-language model forgets what it knew while it learns to act, and what keeps it: questions, insulation. */

import type { Arm, Comparison, Study } from './study.ts';
import { findStage } from '../stages/index.ts';
import { TABLETOP_ANSWERS, TOUCH_EPISODES, TOUCH_SUCCESS } from './study-parts.ts';

const STEPS = 3000;
/** Robot samples of a step, and questions beside them. */
const [ROBOT, QUESTIONS] = [12, 2];
const START = 'runs/xiaomi-robotics-0-vlm';

/** Actions as text, for arms whose expert is insulated: what else would teach the vision-language model of robots? */
const ACTION_TEXT = JSON.stringify({
  template: 'actions',
  maxTokens: 64,
  actionText: { kind: 'fit-fast', token: '<robot_action_%>', vocabulary: 256, scale: 10 },
});

const WHOLE = [
  TOUCH_EPISODES,
  'tuning.freeze=[]',
  `loop.steps=${STEPS}`,
  'schedule.learningRate=0.002',
  `data.datasets.0.samplesPerStep=${ROBOT}`,
];
const QUESTIONED = [`data.conversations.0.samplesPerStep=${QUESTIONS}`];
const ALONE = ['data.conversations=[]'];
const INSULATED = ['objective.insulation=all'];
const SPOKEN = ['objective.text=1', `codec.answer=${ACTION_TEXT}`];

const arm = (name: string, title: string, ...sets: readonly (readonly string[])[]): Arm => ({
  name,
  title,
  start: START,
  stages: [{ kind: 'train', recipe: findStage('xiaomi-robotics-0-joint'), set: [...WHOLE, ...sets.flat()] }],
  measurements: [TOUCH_SUCCESS, TABLETOP_ANSWERS],
});

const compare = (first: string, second: string, measurement: 'success' | 'answers', paper: string): Comparison => ({
  arm: first,
  against: second,
  measurement,
  series: measurement === 'success' ? 'base' : 'accuracy',
  paper,
});

/** The model before, and four ways to teach it to act with the same robot samples. */
export const forgettingStudy: Study = {
  name: 'forgetting',
  question: 'Does a vision-language model forget while it learns to act, and what keeps it?',
  claim:
    'without vision-language data the answers fall to 0, with one question to six robot samples they stay (papers/xiaomi-robotics-0, section 4); knowledge insulation keeps them, too (papers/dm0, section 2)',
  seeds: 3,
  budget: null,
  arms: [
    { name: 'before', title: 'before it learns to act', start: START, stages: [], measurements: [TABLETOP_ANSWERS] },
    arm('alone', 'robots alone', ALONE),
    arm('questions', 'robots and questions, 6 : 1', QUESTIONED),
    arm('insulated-alone', 'robots alone, insulated, actions as text', ALONE, INSULATED, SPOKEN),
    arm('insulated', 'robots and questions, insulated, actions as text', QUESTIONED, INSULATED, SPOKEN),
  ],
  comparisons: [
    compare('questions', 'alone', 'answers', 'kept against 0'),
    compare('insulated', 'alone', 'answers', 'kept'),
    compare('insulated-alone', 'alone', 'answers', 'says nothing'),
    compare('questions', 'alone', 'success', 'says nothing'),
    compare('insulated', 'questions', 'success', 'says nothing'),
  ],
  sweep: null,
};
