/**
 * @file The stages of Qwen-VLA (papers/qwen-vla, section 3.1): text to action without images, continued pretraining on a
 * mixture, supervised fine-tuning. Reinforcement learning follows with `vlakit reinforce`.
 */

import type { FamilyConfig } from '../../src/models/family.ts';
import type { TimeLaw } from '../../src/models/parts/flow-matching.ts';
import type { QwenVlaConfig } from '../../src/models/qwen-vla/config.ts';
import { qwenVla } from '../../src/models/qwen-vla/family.ts';
import type { DatasetShare } from '../../src/training/recipe.ts';
import type { Recipe } from '../recipe.ts';
import { robotShare } from './robots.ts';
import { conversationShare, stage, tabletopShare, type StageWords } from './stage.ts';

const WORDS: StageWords = {
  prompt: 'qwen-vla',
  views: { front: 'ego', wrist: 'cam_left_wrist' },
  instructionTokens: 24,
};

/** The paper's two laws of flow time; their numbers are ours. */
export const SIGMOID_NORMAL: TimeLaw = { kind: 'sigmoid-normal', mean: 0, std: 1 };
export const BETA: TimeLaw = { kind: 'beta', alpha: 1.5, beta: 1, low: 0.001, high: 1 };

/** Proprioception stays out of the network, as in the paper. */
const withTime =
  (time: TimeLaw, maxHorizon = 16) =>
  (tiny: FamilyConfig): FamilyConfig => {
    const config = tiny as QwenVlaConfig;
    return { ...config, stateDim: null, time, expert: { ...config.expert, maxHorizon } } as FamilyConfig;
  };

const shared = { family: qwenVla, words: WORDS };

/** Whole trajectories, from their beginning: what language alone can tell. */
export const FULL_SEQUENCE = 64;
/** Room for sentences that say every place. */
const PLACES_IN_WORDS = 176;

/** An arm's planned trajectories, with the tabletop's kind of actions. */
const languageActions = (robot: string, samplesPerStep: number): DatasetShare => ({
  root: `data/language-actions/${robot}`,
  episodes: 'all',
  heldOut: [],
  samplesPerStep,
  own: { codec: { cameras: [], supervision: [], instructionTokens: PLACES_IN_WORDS } },
});

/** In place of Qwen3.5's own training: questions about pictures. */
const vlm = stage({
  ...shared,
  name: 'qwen-vla-vlm',
  summary: 'Qwen-VLA, before: the tiny vision-language model learns to answer questions about pictures',
  after: null,
  model: withTime(BETA),
  datasets: [],
  conversations: [conversationShare(16, WORDS.views)],
  steps: 6000,
  acts: false,
});

/** The expert alone learns whole trajectories from language: a fifth of them synthetic, the rest demonstrations without pictures. */
const textToAction = stage({
  ...shared,
  name: 'qwen-vla-t2a',
  summary: 'Qwen-VLA, stage 1: text to action, without images, the vision-language model frozen',
  after: 'qwen-vla-vlm',
  model: withTime(SIGMOID_NORMAL, FULL_SEQUENCE),
  datasets: [
    { ...tabletopShare(12, { codec: { cameras: [], supervision: [] } }), frames: 'first' },
    { ...languageActions('franka-panda', 4), frames: 'first' },
  ],
  codec: { horizon: FULL_SEQUENCE },
  freeze: ['model.**', 'supervision.**'],
  steps: 2000,
  acts: false,
});

/** Everything learns, on the mixture. */
const continued = stage({
  ...shared,
  name: 'qwen-vla-cpt',
  summary: 'Qwen-VLA, stage 2: continued pretraining on the mixture',
  after: 'qwen-vla-t2a',
  model: withTime(BETA),
  datasets: [
    tabletopShare(6),
    robotShare('six-joint', 2),
    robotShare('two-arms', 2),
    robotShare('rooms', 2),
    languageActions('franka-panda', 2),
  ],
  conversations: [conversationShare(2, WORDS.views)],
  steps: 5000,
  acts: true,
});

/** Supervised fine-tuning on tasks, vision-language data at a tenth of the weight. */
const fineTuned = stage({
  ...shared,
  name: 'qwen-vla-sft',
  summary: 'Qwen-VLA, stage 3: multi-task fine-tuning, vision-language data at a tenth of the weight',
  after: 'qwen-vla-cpt',
  model: withTime(BETA),
  datasets: [tabletopShare(14, { weight: 1 })],
  conversations: [conversationShare(2, WORDS.views, 0.1)],
  steps: 3000,
  learningRate: 1e-3,
  acts: true,
});

/** In order. */
export const qwenVlaStages: readonly Recipe[] = [vlm, textToAction, continued, fineTuned];
