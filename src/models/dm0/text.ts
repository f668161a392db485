/**
 * @file DM0 writes text: Qwen3 with a tied head and one axis of rotary positions. In its second mode (papers/dm0, section 2.1,
 * equation 1) the assistant reasons before the expert acts.
 *
 * Not stated in the paper, and not in the open code: the words before the reasoning and its end. These are the assistant's
 * name and the end of its turn, as the code builds conversations with answers; the expert reads both.
 */

import { DM0_ANSWER, dm0Question } from '../../codec/prompts/dm0.ts';
import { reshape, type Value } from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { rotaryTableAt } from '../../nn/rotary.ts';
import type { FamilyText } from '../family.ts';
import { cachedDecoder } from '../parts/text-decoder.ts';
import type { TextModel } from '../parts/text-model.ts';
import type { Dm0Config } from './config.ts';
import { dm0ImageTokens, dm0Positions, dm0VlmSpec, type Dm0Vlm, type Dm0VlmConfig } from './vlm.ts';

type VisionPart<T> = { readonly model: Pick<Dm0Vlm<T>, 'mm_vision_tower' | 'mm_projector'> };
type TextPart<T> = { readonly model: Pick<Dm0Vlm<T>, 'llm' | 'prompt_position'> };

/** The model of a DM0 checkpoint; `tokens` is the prompt's length. */
export function dm0TextModel(c: Dm0VlmConfig, tokens: number): TextModel {
  const { mm_vision_tower, mm_projector, llm, prompt_position } = dm0VlmSpec(c, tokens);
  const { width, headWidth, ropeTheta } = c.language;
  return {
    width,
    axes: 1,
    deepstack: 0,
    patchSize: 3 * c.vision.patch ** 2,
    patchesPerToken: c.vision.merge ** 2,
    longest: prompt_position?.weight.shape[0] ?? Infinity,
    positions: dm0Positions,
    vision: {
      spec: { model: { mm_vision_tower, mm_projector } } satisfies VisionPart<ParameterSpec>,
      bind: (p) => (images) => ({ tokens: dm0ImageTokens((p as VisionPart<Value>).model, images, c), deepstack: [] }),
    },
    text: {
      spec: {
        model: { llm, ...(prompt_position === undefined ? {} : { prompt_position }) },
      } satisfies TextPart<ParameterSpec>,
      bind(p) {
        const { model } = p as TextPart<Value>;
        return {
          embeddings: model.llm.embed_tokens,
          head: model.llm.embed_tokens,
          places: model.prompt_position ?? null,
          decoder: cachedDecoder(model.llm, c.language, (positions) =>
            rotaryTableAt(reshape(positions, positions.shape.slice(0, 2)), headWidth, ropeTheta),
          ),
        };
      },
    },
  };
}

/** DM0's text. */
export const dm0Text: FamilyText<Dm0Config> = {
  model: dm0TextModel,
  reasoning: { cue: DM0_ANSWER, stopTokens: ['<|im_end|>'] },
  question: { template: dm0Question, stopTokens: ['<|im_end|>'] },
};
