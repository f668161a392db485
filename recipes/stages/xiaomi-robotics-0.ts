/**
 * @file The stages of Xiaomi-Robotics-0 (papers/xiaomi-robotics-0, section 3): the vision-language model proposes action chunks
 * itself, beside vision-language data; then it is frozen and the expert learns from scratch; then everything learns, for execution
 * in step with inference or while it goes on.
 */

import type { FamilyConfig } from '../../src/models/family.ts';
import { CODE_PREFIX, type XiaomiConfig } from '../../src/models/xiaomi-robotics-0/config.ts';
import { xiaomiRobotics0 } from '../../src/models/xiaomi-robotics-0/family.ts';
import type { Recipe } from '../recipe.ts';
import { robotShare } from './robots.ts';
import { conversationShare, stage, tabletopShare, type StageWords } from './stage.ts';

const WORDS: StageWords = {
  prompt: 'xiaomi-robotics-0',
  views: { front: 'Base View', wrist: 'Left-Wrist View' },
  instructionTokens: 24,
};
const shared = { family: xiaomiRobotics0, words: WORDS };

/** Everything but the vision-language model. */
const EXPERT = [
  'dit.**',
  'sink.**',
  'action_projector.**',
  'action_output_layer.**',
  'state_projector.**',
  't_embedder.**',
  't_projector.**',
];

/** Five proposals, as the code of the next version has; chunks of the tabletop. */
const withChoices = (tiny: FamilyConfig): FamilyConfig => ({
  ...tiny,
  choice: { candidates: 5, horizon: 8, headLayers: 2 },
});

/** Λ mask, offset of positions, given prefixes, weights by error: in the tiny size a window and an offset that fit its chunks. */
const asynchronous = (tiny: FamilyConfig): FamilyConfig => {
  const config = tiny as XiaomiConfig;
  const mask = { kind: 'lambda', window: 4, positionOffset: 10 } as const;
  return { ...config, expert: { ...config.expert, mask }, asyncPrefix: CODE_PREFIX } as FamilyConfig;
};

const vlm = stage({
  ...shared,
  name: 'xiaomi-robotics-0-vlm',
  summary: 'Xiaomi-Robotics-0, before: the tiny vision-language model learns to answer questions about pictures',
  after: null,
  datasets: [],
  conversations: [conversationShare(16, WORDS.views)],
  steps: 6000,
  acts: false,
});

/** One question to six robot samples. */
const choice = stage({
  ...shared,
  name: 'xiaomi-robotics-0-choice',
  summary:
    'Xiaomi-Robotics-0, stage 1: the vision-language model proposes chunks (choice policies), beside questions 1 : 6',
  after: 'xiaomi-robotics-0-vlm',
  model: withChoices,
  datasets: [tabletopShare(8), robotShare('six-joint', 4)],
  conversations: [conversationShare(2, WORDS.views)],
  objective: { flow: 0, text: 0, choice: 1 },
  fresh: ['choice.**'],
  freeze: EXPERT,
  steps: 4000,
  acts: true,
});

const flow = stage({
  ...shared,
  name: 'xiaomi-robotics-0-flow',
  summary: 'Xiaomi-Robotics-0, stage 2: the expert learns from scratch, the vision-language model frozen',
  after: 'xiaomi-robotics-0-choice',
  datasets: [tabletopShare(16)],
  fresh: EXPERT,
  freeze: ['vlm.**', 'supervision.**'],
  steps: 4000,
  acts: true,
});

/** Not a stage of the paper: everything at once, questions beside actions. What its co-training is compared with. */
const joint = stage({
  ...shared,
  name: 'xiaomi-robotics-0-joint',
  summary: 'Xiaomi-Robotics-0, for comparison: everything learns at once, flow matching beside questions 1 : 6',
  after: 'xiaomi-robotics-0-vlm',
  datasets: [tabletopShare(12)],
  conversations: [conversationShare(2, WORDS.views)],
  answer: { template: 'actions', maxTokens: 64, actionText: null },
  steps: 4000,
  acts: true,
});

/** The embeddings stay as they are, as in the code. */
const post = stage({
  ...shared,
  name: 'xiaomi-robotics-0-post',
  summary: 'Xiaomi-Robotics-0, stage 3: post-training of everything, for synchronous execution',
  after: 'xiaomi-robotics-0-flow',
  datasets: [tabletopShare(16)],
  freeze: ['vlm.model.language_model.embed_tokens.**'],
  steps: 3000,
  learningRate: 1e-3,
  acts: true,
});

const postAsync = stage({
  ...shared,
  name: 'xiaomi-robotics-0-post-async',
  summary:
    'Xiaomi-Robotics-0, stage 3: post-training for asynchronous execution (given prefixes, Λ mask, offset, error weights)',
  after: 'xiaomi-robotics-0-flow',
  model: asynchronous,
  datasets: [tabletopShare(16)],
  freeze: ['vlm.model.language_model.embed_tokens.**'],
  steps: 3000,
  learningRate: 1e-3,
  acts: true,
});

/** In order; post-training has two alternatives. */
export const xiaomiStages: readonly Recipe[] = [vlm, choice, flow, post, postAsync, joint];
