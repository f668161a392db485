/**
 * @file The stages of DM0 (papers/dm0, section 2): text; text, discrete actions and flow matching on many robots, the expert's
 * gradient cut from the vision-language model; the same on few robots; fine-tuning on actions alone for one task or for all.
 */

import { DM0_ACTION_TEXT } from '../../src/codec/action-tokens/action-text.ts';
import type { FamilyConfig } from '../../src/models/family.ts';
import type { Dm0Config } from '../../src/models/dm0/config.ts';
import { dm0 } from '../../src/models/dm0/family.ts';
import type { AnswerRecipe } from '../../src/training/recipe.ts';
import type { Recipe } from '../recipe.ts';
import { robotShare } from './robots.ts';
import { conversationShare, stage, tabletopShare, type StageWords } from './stage.ts';

const WORDS: StageWords = { prompt: 'dm0', views: { front: 'front', wrist: 'wrist' }, instructionTokens: 24 };
const shared = { family: dm0, words: WORDS };

/** Subtask, goal box, trace of the hand and 255-bin actions (56 of them for a chunk of the tabletop). */
export const DM0_SCAFFOLD: AnswerRecipe = { template: 'dm0-short', maxTokens: 112, actionText: DM0_ACTION_TEXT };

/** Text, actions as text and flow matching, in equal parts; robots teach the vision-language model by text alone. */
const HYBRID = { flow: 1, text: 1, insulation: 'all' } as const;

const pretrain = stage({
  ...shared,
  name: 'dm0-pretrain',
  summary: 'DM0, stage 1: the vision-language model alone, on text about pictures',
  after: null,
  datasets: [],
  conversations: [conversationShare(16, WORDS.views)],
  steps: 6000,
  acts: false,
});

const midTrain = stage({
  ...shared,
  name: 'dm0-midtrain',
  summary: 'DM0, stage 2: text, 255-bin actions and flow matching on several robots, the expert insulated',
  after: 'dm0-pretrain',
  datasets: [
    tabletopShare(8),
    robotShare('six-joint', 2),
    // 112 actions in a chunk of two arms, 24 in one of the base.
    robotShare('two-arms', 2, { answer: { ...DM0_SCAFFOLD, maxTokens: 176 } }),
    robotShare('rooms', 2, { answer: { ...DM0_SCAFFOLD, maxTokens: 88 } }),
  ],
  conversations: [conversationShare(2, WORDS.views)],
  answer: DM0_SCAFFOLD,
  objective: HYBRID,
  steps: 4000,
  acts: true,
});

const postTrain = stage({
  ...shared,
  name: 'dm0-post',
  summary: 'DM0, stage 3: the same losses on one robot',
  after: 'dm0-midtrain',
  datasets: [tabletopShare(14)],
  conversations: [conversationShare(2, WORDS.views)],
  answer: DM0_SCAFFOLD,
  objective: HYBRID,
  steps: 2000,
  learningRate: 1e-3,
  acts: true,
});

/** Actions alone; all tasks at once. */
const generalist = stage({
  ...shared,
  name: 'dm0-generalist',
  summary: 'DM0, fine-tuning: one policy for all tasks, on actions alone',
  after: 'dm0-post',
  datasets: [tabletopShare(16)],
  steps: 3000,
  learningRate: 1e-3,
  acts: true,
});

/** Actions alone; one task, whose demonstrations are recorded by themselves. */
const specialist: Recipe = {
  ...generalist,
  name: 'dm0-specialist',
  summary: 'DM0, fine-tuning: a policy for one task, on actions alone',
  record: { ...generalist.record!, episodes: 500, tasks: ['lift'], seed: 3 },
  data: { ...generalist.data, datasets: [{ ...tabletopShare(16), root: 'data/lift' }] },
  loop: { ...generalist.loop, steps: 1500 },
  evaluation: { ...generalist.evaluation!, tasks: ['lift'] },
};

/** The head that tells how far the task is; its maps start fresh. */
const withProgress = (tiny: FamilyConfig): FamilyConfig => {
  const config = tiny as Dm0Config;
  return { ...config, expert: { ...config.expert, progress: true } } as FamilyConfig;
};

const told = stage({
  ...shared,
  name: 'dm0-progress',
  summary: 'DM0, fine-tuning: actions, and how far the task is, from annotated episodes',
  after: 'dm0-post',
  model: withProgress,
  datasets: [tabletopShare(16)],
  objective: { progress: 0.5 },
  fresh: ['model.progress_in_proj.**', 'model.progress_out_proj.**'],
  steps: 3000,
  learningRate: 1e-3,
  acts: true,
});
const progress: Recipe = {
  ...told,
  codec: {
    ...told.codec,
    supervision: [
      ...told.codec.supervision,
      {
        kind: 'values',
        feature: 'supervision.chunk_progress',
        output: 'progress',
        size: 2,
        normalisation: { kind: 'identity' },
      },
    ],
  },
};

/** In order; fine-tuning has three alternatives. */
export const dm0Stages: readonly Recipe[] = [pretrain, midTrain, postTrain, specialist, generalist, progress];
