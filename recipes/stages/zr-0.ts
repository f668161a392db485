/**
 * @file The stages of ZR-0 (papers/zr-0, section 3): embodied chain of thought and flow matching together, then actions alone;
 * policies act without writing.
 */

import { zr0 } from '../../src/models/zr-0/family.ts';
import type { AnswerRecipe } from '../../src/training/recipe.ts';
import type { Recipe } from '../recipe.ts';
import { conversationShare, stage, tabletopShare, type StageWords } from './stage.ts';

const WORDS: StageWords = { prompt: 'zr-0', views: { front: 'front', wrist: 'wrist' }, instructionTokens: 24 };
const shared = { family: zr0, words: WORDS };

/** A chain of thought in few tokens, with FAST action tokens of its own (the paper's: 2048 of them, 1200 tokens in all). */
export const ZR0_ANSWER: AnswerRecipe = {
  template: 'zr-0-short',
  maxTokens: 96,
  actionText: { kind: 'fit-fast', token: '<robot_action_%>', vocabulary: 256, scale: 10 },
};

/** In place of Qwen3-VL's own training: questions about pictures. */
const vlm = stage({
  ...shared,
  name: 'zr-0-vlm',
  summary: 'ZR-0, before: the tiny vision-language model learns to answer questions about pictures',
  after: null,
  datasets: [],
  conversations: [conversationShare(16, WORDS.views)],
  steps: 6000,
  acts: false,
});

/** Chain of thought and flow matching, α = 5 on actions; the flow teaches the vision-language model too. */
const pretrain = stage({
  ...shared,
  name: 'zr-0-pretrain',
  summary: 'ZR-0, stage 1: embodied chain of thought and flow matching together',
  after: 'zr-0-vlm',
  datasets: [tabletopShare(16)],
  answer: ZR0_ANSWER,
  objective: { flow: 5, text: 1 },
  steps: 6000,
  acts: true,
});

/** Actions alone. */
const post = stage({
  ...shared,
  name: 'zr-0-post',
  summary: 'ZR-0, stage 2: post-training on actions alone',
  after: 'zr-0-pretrain',
  datasets: [tabletopShare(16)],
  steps: 3000,
  learningRate: 1e-3,
  acts: true,
});

/** In order. */
export const zr0Stages: readonly Recipe[] = [vlm, pretrain, post];
