/** @file Qwen3-VL as a model that writes text: its vision tower, and its decoder with a cache of keys and values. */

import type { Value } from '../../engine/index.ts';
import { linearSpec, type Linear } from '../../nn/linear.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { interleavedRotaryTableAt } from '../../nn/rotary.ts';
import { languageModelSpec, type LanguageModel } from './language-model.ts';
import type { Qwen3VlConfig } from './qwen3-vl.ts';
import { cachedDecoder } from './text-decoder.ts';
import type { TextModel } from './text-model.ts';
import { visionTower, visionTowerSpec, type VisionTower } from './vision-tower.ts';

type VisionPart<T> = { readonly model: { readonly visual: VisionTower<T> } };
type TextPart<T> = { readonly model: { readonly language_model: LanguageModel<T> }; readonly lm_head?: Linear<T> };

/** Published Qwen3-VL has no additions to its prompt; `head` says whether the vocabulary has a map of its own (`lm_head`). */
export function qwen3VlText(
  { vision, language }: Pick<Qwen3VlConfig, 'vision' | 'language'>,
  head: 'tied' | 'separate',
): TextModel {
  const { width, vocabulary, ropeSections, headWidth, ropeTheta } = language;
  const own = head === 'separate' ? { lm_head: linearSpec(width, vocabulary, { bias: false }) } : {};
  return {
    width,
    axes: 3,
    deepstack: vision.deepstackLayers.length,
    patchSize: 3 * vision.temporal * vision.patch ** 2,
    patchesPerToken: vision.merge ** 2,
    vision: {
      spec: { model: { visual: visionTowerSpec(vision) } } satisfies VisionPart<ParameterSpec>,
      bind: (p) => (images) => visionTower((p as VisionPart<Value>).model.visual, images, vision),
    },
    text: {
      spec: { model: { language_model: languageModelSpec(language) }, ...own } satisfies TextPart<ParameterSpec>,
      bind(p) {
        const { model, lm_head } = p as TextPart<Value>;
        const embeddings = model.language_model.embed_tokens;
        return {
          embeddings,
          head: lm_head ?? embeddings,
          decoder: cachedDecoder(model.language_model, language, (positions) =>
            interleavedRotaryTableAt(positions, ropeSections, headWidth, ropeTheta),
          ),
        };
      },
    },
  };
}
