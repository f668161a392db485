/** @file Qwen3.5 as a prompt encoder: Qwen3-VL's vision tower without DeepStack, and the hybrid decoder. */

import { z } from 'zod';
import { dims, type Value } from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { extendTable, interleavedRotaryAngles, rotaryTable } from '../../nn/rotary.ts';
import {
  hybridLanguageModel,
  hybridLanguageModelSpec,
  type HybridLanguageConfig,
  type HybridLanguageModel,
} from './hybrid-language-model.ts';
import { promptAdditionsSpec, type PromptAdditions, type PromptConfig, type PromptNetwork } from './prompt-encoder.ts';
import { visionTower, visionTowerSpec, type VisionConfig, type VisionTower } from './vision-tower.ts';

/** Names under `model` of a Qwen3.5 checkpoint, and the additions of the configuration. */
export type Qwen35<T> = {
  readonly visual: VisionTower<T>;
  readonly language_model: HybridLanguageModel<T>;
} & PromptAdditions<T>;

/** Sizes of the encoder and its prompt; `prompt.attention` says what the layers with full attention see. */
export interface Qwen35Config {
  readonly vision: VisionConfig;
  readonly language: HybridLanguageConfig;
  readonly prompt: PromptConfig;
}

/** `state` is the length of the encoded state vector, `tokens` the prompt's length T. */
export function qwen35Spec(
  c: Qwen35Config,
  sizes: { readonly state: number; readonly tokens: number },
): Qwen35<ParameterSpec> {
  return {
    visual: visionTowerSpec(c.vision),
    language_model: hybridLanguageModelSpec(c.language),
    ...promptAdditionsSpec(c.prompt, c.language.width, sizes),
  };
}

/** The parts, for `encodePrompt`. */
export function qwen35Network(p: Qwen35<Value>, c: Qwen35Config): PromptNetwork {
  const { ropeSections, rotaryWidth, ropeTheta } = c.language;
  return {
    width: c.language.width,
    embeddings: p.language_model.embed_tokens,
    additions: p,
    positions: (layout) => layout.positions,
    see: (images) => visionTower(p.visual, images, c.vision),
    decode({ embeddings, positions, tailPositions, mask, valid }) {
      const { B } = dims(embeddings, 'B S D');
      const table = rotaryTable(interleavedRotaryAngles(positions, ropeSections, rotaryWidth, ropeTheta), B);
      const rotary = extendTable(table, tailPositions, rotaryWidth, ropeTheta);
      const context = { rotary, mask, tokenMask: valid, states: null };
      return hybridLanguageModel(p.language_model, embeddings, context, c.language);
    },
  };
}

const whole = z.number().int().positive();
const positive = z.number().positive();

/** The check of `HybridLanguageConfig` in a config.json. */
export const hybridLanguageSchema = z.strictObject({
  vocabulary: whole,
  width: whole,
  layers: whole,
  attentionPeriod: whole,
  heads: whole,
  kvHeads: whole,
  headWidth: whole,
  rotaryWidth: whole,
  mlpWidth: whole,
  delta: z.strictObject({
    keyHeads: whole,
    valueHeads: whole,
    keyWidth: whole,
    valueWidth: whole,
    kernel: z.number().int().min(2),
  }),
  ropeTheta: positive,
  ropeSections: z.tuple([z.number().int(), z.number().int(), z.number().int()]).readonly(),
  normEpsilon: positive,
});

/** What must hold between the sizes, with the words for it. */
export function qwen35Rules({ vision, language }: Qwen35Config): readonly (readonly [holds: boolean, rule: string])[] {
  return [
    [vision.outputWidth === language.width, 'vision.outputWidth = language.width'],
    [vision.width % (4 * vision.heads) === 0, 'vision.width divisible by 4 × vision.heads (two rotary axes)'],
    [vision.deepstackLayers.length === 0, 'no vision.deepstackLayers'],
    [language.heads % language.kvHeads === 0, 'language.heads divisible by language.kvHeads'],
    [language.rotaryWidth <= language.headWidth, 'language.rotaryWidth of at most headWidth'],
    [
      language.ropeSections.reduce((a, b) => a + b, 0) * 2 === language.rotaryWidth,
      'language.ropeSections summing to rotaryWidth / 2',
    ],
    [
      language.delta.valueHeads % language.delta.keyHeads === 0,
      'language.delta.valueHeads divisible by language.delta.keyHeads',
    ],
  ];
}
