/** @file The sizes in a published Qwen3-VL's configuration (Hugging Face's config.json) as ours. */

import { z } from 'zod';
import { readPublishedConfig } from '../published-layout.ts';
import type { LanguageConfig } from './language-model.ts';
import type { VisionConfig } from './vision-tower.ts';

const whole = z.number().int().positive();

/** What of a vision tower's configuration says sizes; Qwen3.5's has the same without DeepStack. */
const visionSchema = z.object({
  depth: whole,
  hidden_size: whole,
  intermediate_size: whole,
  num_heads: whole,
  patch_size: whole,
  spatial_merge_size: whole,
  temporal_patch_size: whole,
  out_hidden_size: whole,
  num_position_embeddings: whole,
  deepstack_visual_indexes: z.array(z.number().int()).default([]),
});

/** What of Qwen3-VL's config.json says sizes. */
const qwenSchema = z.object({
  vision_config: z.unknown(),
  text_config: z.object({
    vocab_size: whole,
    hidden_size: whole,
    intermediate_size: whole,
    num_hidden_layers: whole,
    num_attention_heads: whole,
    num_key_value_heads: whole,
    head_dim: whole,
    rms_norm_eps: z.number(),
    rope_theta: z.number().optional(),
    rope_scaling: z.object({ mrope_section: z.tuple([whole, whole, whole]) }).nullish(),
    rope_parameters: z
      .object({ mrope_section: z.tuple([whole, whole, whole]).optional(), rope_theta: z.number().optional() })
      .nullish(),
  }),
});

/** The vision tower of a parsed `vision_config`; `where` names it. Throws `bad-data` with the field that is missing. */
export function readQwenVision(value: unknown, where: string): VisionConfig {
  const vision = readPublishedConfig(visionSchema, value, where);
  return {
    patch: vision.patch_size,
    temporal: vision.temporal_patch_size,
    merge: vision.spatial_merge_size,
    width: vision.hidden_size,
    layers: vision.depth,
    heads: vision.num_heads,
    mlpWidth: vision.intermediate_size,
    positionGrid: Math.round(Math.sqrt(vision.num_position_embeddings)),
    outputWidth: vision.out_hidden_size,
    // Written in Qwen3-VL's code, not in its configuration.
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    deepstackLayers: vision.deepstack_visual_indexes,
  };
}

/** Vision tower and decoder of a parsed config.json; `where` names it. Throws `bad-data` with the field that is missing. */
export function readQwen3VlConfig(
  value: unknown,
  where: string,
): { readonly vision: VisionConfig; readonly language: LanguageConfig } {
  const { text_config: text, vision_config: vision } = readPublishedConfig(qwenSchema, value, where);
  return {
    vision: readQwenVision(vision, `${where}: vision_config`),
    language: {
      vocabulary: text.vocab_size,
      width: text.hidden_size,
      layers: text.num_hidden_layers,
      heads: text.num_attention_heads,
      kvHeads: text.num_key_value_heads,
      headWidth: text.head_dim,
      mlpWidth: text.intermediate_size,
      ropeTheta: text.rope_theta ?? text.rope_parameters?.rope_theta ?? 5_000_000,
      ropeSections: text.rope_scaling?.mrope_section ?? text.rope_parameters?.mrope_section ?? [24, 20, 20],
      normEpsilon: text.rms_norm_eps,
    },
  };
}
