/** @file Qwen3-VL as a prompt encoder: its vision tower with DeepStack and its decoder with three rotary axes. */

import { z } from 'zod';
import { dims, type Value } from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { extendTable, interleavedRotaryAngles, rotaryTable } from '../../nn/rotary.ts';
import { languageModel, languageModelSpec, type LanguageConfig, type LanguageModel } from './language-model.ts';
import { promptAdditionsSpec, type PromptAdditions, type PromptConfig, type PromptNetwork } from './prompt-encoder.ts';
import { visionTower, visionTowerSpec, type VisionConfig, type VisionTower } from './vision-tower.ts';

/** Names under `model` of a Qwen3-VL checkpoint, and the additions of the configuration. */
export type Qwen3Vl<T> = {
  readonly visual: VisionTower<T>;
  readonly language_model: LanguageModel<T>;
} & PromptAdditions<T>;

/** Sizes of the encoder and its prompt. */
export interface Qwen3VlConfig {
  readonly vision: VisionConfig;
  readonly language: LanguageConfig;
  readonly prompt: PromptConfig;
}

/** `state` is the length of the encoded state vector, `tokens` the prompt's length T. */
export function qwen3VlSpec(
  c: Qwen3VlConfig,
  sizes: { readonly state: number; readonly tokens: number },
): Qwen3Vl<ParameterSpec> {
  return {
    visual: visionTowerSpec(c.vision),
    language_model: languageModelSpec(c.language),
    ...promptAdditionsSpec(c.prompt, c.language.width, sizes),
  };
}

/** The parts, for `encodePrompt`. */
export function qwen3VlNetwork(p: Qwen3Vl<Value>, c: Qwen3VlConfig): PromptNetwork {
  const { ropeSections, headWidth, ropeTheta } = c.language;
  return {
    width: c.language.width,
    embeddings: p.language_model.embed_tokens,
    additions: p,
    positions: (layout) => layout.positions,
    see: (images) => visionTower(p.visual, images, c.vision),
    decode({ embeddings, positions, tailPositions, mask, deepstack }) {
      const { B } = dims(embeddings, 'B S D');
      const angles = interleavedRotaryAngles(positions, ropeSections, headWidth, ropeTheta);
      const rotary = extendTable(rotaryTable(angles, B), tailPositions, headWidth, ropeTheta);
      return languageModel(p.language_model, embeddings, rotary, mask, deepstack, c.language);
    },
  };
}

const whole = z.number().int().positive();
const positive = z.number().positive();

/** The check of `VisionConfig` in a config.json. */
export const visionSchema = z.strictObject({
  patch: whole,
  temporal: whole,
  merge: whole,
  width: whole,
  layers: z.number().int().min(0),
  heads: whole,
  mlpWidth: whole,
  positionGrid: whole,
  outputWidth: whole,
  ropeTheta: positive,
  normEpsilon: positive,
  deepstackLayers: z.array(z.number().int().min(0)).readonly(),
});

/** The check of `LanguageConfig`. */
export const languageSchema = z.strictObject({
  vocabulary: whole,
  width: whole,
  layers: whole,
  heads: whole,
  kvHeads: whole,
  headWidth: whole,
  mlpWidth: whole,
  ropeTheta: positive,
  ropeSections: z.tuple([z.number().int(), z.number().int(), z.number().int()]).readonly(),
  normEpsilon: positive,
});

/** The check of `PromptConfig`. */
export const promptSchema = z.strictObject({
  attention: z.enum(['causal', 'bidirectional']),
  stateToken: z.boolean(),
  learnedPositions: z.boolean(),
});

/** What must hold between the sizes, with the words for it. */
export function qwen3VlRules({
  vision,
  language,
}: Qwen3VlConfig): readonly (readonly [holds: boolean, rule: string])[] {
  return [
    [vision.outputWidth === language.width, 'vision.outputWidth = language.width'],
    [vision.width % (4 * vision.heads) === 0, 'vision.width divisible by 4 × vision.heads (two rotary axes)'],
    [language.heads % language.kvHeads === 0, 'language.heads divisible by language.kvHeads'],
    [
      language.ropeSections.reduce((a, b) => a + b, 0) * 2 === language.headWidth,
      'language.ropeSections summing to headWidth / 2',
    ],
    [vision.deepstackLayers.every((layer) => layer < vision.layers), 'vision.deepstackLayers below vision.layers'],
    [vision.deepstackLayers.length <= language.layers, 'at most language.layers deepstackLayers'],
  ];
}
