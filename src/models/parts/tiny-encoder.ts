/**
 * @file The encoder of the tiny models, as far as families share it: sizes that learn from pixels within minutes on two CPU
 * cores, and what training from scratch asks for where published models were pretrained.
 */

import type { LanguageConfig } from './language-model.ts';
import type { PromptConfig } from './prompt-encoder.ts';
import type { VisionConfig } from './vision-tower.ts';

/** Features of a token. */
export const TINY_WIDTH = 96;

/** One block over patches of 4 × 4 pixels, four patches to a token. */
export const TINY_VISION: VisionConfig = {
  patch: 4,
  temporal: 1,
  merge: 2,
  width: 32,
  layers: 1,
  heads: 1,
  mlpWidth: 64,
  positionGrid: 16,
  outputWidth: TINY_WIDTH,
  ropeTheta: 100,
  normEpsilon: 1e-6,
  deepstackLayers: [],
};

/** A decoder of Qwen3's kind. */
export const tinyLanguage = (vocabulary: number): LanguageConfig => ({
  vocabulary,
  width: TINY_WIDTH,
  layers: 3,
  heads: 4,
  kvHeads: 2,
  headWidth: 24,
  mlpWidth: 160,
  ropeTheta: 100,
  ropeSections: [4, 4, 4],
  normEpsilon: 1e-6,
});

/**
 * Image tokens see the instruction that follows them, the robot's state is a token of the prompt (the supervision heads read
 * it), and places of the prompt have learned vectors.
 */
export const TINY_PROMPT: PromptConfig = { attention: 'bidirectional', stateToken: true, learnedPositions: true };
