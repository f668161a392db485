/** @file Qwen3-VL as a model that writes text: its vision tower, and its decoder with a cache of keys and values. */

import type { Value } from '../../engine/index.ts';
import type { Embedding } from '../../nn/embedding.ts';
import { linearSpec, type Linear } from '../../nn/linear.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { interleavedRotaryTableAt } from '../../nn/rotary.ts';
import { languageModelSpec, type LanguageModel } from './language-model.ts';
import type { Qwen3VlConfig } from './qwen3-vl.ts';
import { cachedDecoder } from './text-decoder.ts';
import type { TextModel } from './text-model.ts';
import { visionTower, visionTowerSpec, type VisionTower } from './vision-tower.ts';

/** Names of the vision tower's parameters. */
export type VisionPart<T> = { readonly model: { readonly visual: VisionTower<T> } };
/** Names of the parameters of a decoder `D` and its head. */
export type TextPart<D, T> = {
  readonly model: { readonly language_model: D; readonly prompt_position?: Embedding<T> };
  readonly lm_head?: Linear<T>;
};

/** What checkpoints of one architecture differ in. */
export interface TextVariant {
  /** Whether logits come from the table of embeddings, or from a map of their own (`lm_head`). */
  readonly head: 'tied' | 'separate';
  /** Learned vectors of the prompt's places; null for none, as published. */
  readonly places: Embedding<ParameterSpec> | null;
}

/** The model of a checkpoint with Qwen3-VL's names. */
export function qwen3VlText(
  { vision, language }: Pick<Qwen3VlConfig, 'vision' | 'language'>,
  { head, places }: TextVariant,
): TextModel {
  const { width, vocabulary, ropeSections, headWidth, ropeTheta } = language;
  const text: TextPart<LanguageModel<ParameterSpec>, ParameterSpec> = {
    model: {
      language_model: languageModelSpec(language),
      ...(places === null ? {} : { prompt_position: places }),
    },
    ...(head === 'tied' ? {} : { lm_head: linearSpec(width, vocabulary, { bias: false }) }),
  };
  return {
    width,
    axes: 3,
    deepstack: vision.deepstackLayers.length,
    patchSize: 3 * vision.temporal * vision.patch ** 2,
    patchesPerToken: vision.merge ** 2,
    longest: places?.weight.shape[0] ?? Infinity,
    positions: (layout) => layout.positions,
    vision: {
      spec: { model: { visual: visionTowerSpec(vision) } } satisfies VisionPart<ParameterSpec>,
      bind: (p) => (images) => visionTower((p as VisionPart<Value>).model.visual, images, vision),
    },
    text: {
      spec: text,
      bind(p) {
        const { model, lm_head } = p as TextPart<LanguageModel<Value>, Value>;
        const embeddings = model.language_model.embed_tokens;
        return {
          embeddings,
          head: lm_head ?? embeddings,
          places: model.prompt_position ?? null,
          decoder: cachedDecoder(model.language_model, language, (positions) =>
            interleavedRotaryTableAt(positions, ropeSections, headWidth, ropeTheta),
          ),
        };
      },
    },
  };
}
