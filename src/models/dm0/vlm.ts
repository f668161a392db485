/**
 * @file DM0's vision-language model as a prompt encoder: the PE tower with its projector, and Qwen3's decoder with rotary
 * positions on one axis.
 */

import type { TokenLayout } from '../../codec/prompt.ts';
import { dims, type Value } from '../../engine/index.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { extendTable, rotaryAngles, rotaryTable } from '../../nn/rotary.ts';
import { languageModel, languageModelSpec, type LanguageModel } from '../parts/language-model.ts';
import { peTokenWidth, peVisionTower, peVisionTowerSpec, type PeVisionTower } from '../parts/pe-vision-tower.ts';
import { promptAdditionsSpec, type PromptAdditions, type PromptNetwork } from '../parts/prompt-encoder.ts';
import type { PatchedImage } from '../parts/vision-tower.ts';
import type { Dm0Config } from './config.ts';

/** Names under `model` of a DM0 checkpoint, and the additions of the configuration. */
export type Dm0Vlm<T> = {
  readonly mm_vision_tower: { readonly vision_tower: PeVisionTower<T> };
  readonly mm_projector: Linear<T>;
  readonly llm: LanguageModel<T>;
} & PromptAdditions<T>;

/** What the vision-language model reads of a configuration. */
export type Dm0VlmConfig = Pick<Dm0Config, 'vision' | 'language' | 'prompt'>;

/** Initial parameters; `tokens` is the prompt's length. */
export function dm0VlmSpec(c: Dm0VlmConfig, tokens: number): Dm0Vlm<ParameterSpec> {
  return {
    mm_vision_tower: { vision_tower: peVisionTowerSpec(c.vision) },
    mm_projector: linearSpec(peTokenWidth(c.vision), c.language.width, { bias: false }),
    llm: languageModelSpec(c.language),
    // No state anywhere: its length is never read.
    ...promptAdditionsSpec(c.prompt, c.language.width, { state: 0, tokens }),
  };
}

/** One axis: a token's place. */
export const dm0Positions = ({ length }: TokenLayout): readonly (readonly number[])[] => [
  Array.from({ length }, (_, t) => t),
];

/** Images to tokens of the decoder's width, [B, M, D]. */
export function dm0ImageTokens(
  p: Pick<Dm0Vlm<Value>, 'mm_vision_tower' | 'mm_projector'>,
  images: readonly PatchedImage[],
  c: Dm0VlmConfig,
): Value {
  return linear(p.mm_projector, peVisionTower(p.mm_vision_tower.vision_tower, images, c.vision));
}

/** The parts, for `encodePrompt`. */
export function dm0Network(p: Dm0Vlm<Value>, c: Dm0VlmConfig): PromptNetwork {
  const { headWidth, ropeTheta } = c.language;
  return {
    width: c.language.width,
    embeddings: p.llm.embed_tokens,
    additions: p,
    positions: dm0Positions,
    see: (images) => ({ tokens: dm0ImageTokens(p, images, c), deepstack: [] }),
    decode({ embeddings, positions, tailPositions, mask }) {
      const { B } = dims(embeddings, 'B S D');
      const angles = rotaryAngles(positions[0]!, headWidth, ropeTheta);
      const rotary = extendTable(rotaryTable(angles, B), tailPositions, headWidth, ropeTheta);
      return languageModel(p.llm, embeddings, rotary, mask, [], c.language);
    },
  };
}
