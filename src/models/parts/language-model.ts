/**
 * @file Qwen3-VL's text decoder over embedded prompts: RMS norm, grouped-query attention with normalised queries and keys,
 * interleaved three-axis rotary positions, SwiGLU.
 *
 * Axes: B batch, T tokens, D width.
 */

import { add, segment, type Value } from '../../engine/index.ts';
import {
  selfAttention,
  selfAttentionSpec,
  type KeysAndValues,
  type SelfAttention,
  type SelfAttentionSize,
} from '../../nn/attention.ts';
import { embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { swiGlu, swiGluSpec, type SwiGlu } from '../../nn/mlp.ts';
import { rmsNorm, rmsNormSpec, type RmsNorm } from '../../nn/norm.ts';
import { normal, type ParameterSpec } from '../../nn/parameters.ts';
import type { RotaryTable } from '../../nn/rotary.ts';

/** Sizes; widths in features. */
export interface LanguageConfig {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  readonly mlpWidth: number;
  readonly ropeTheta: number;
  /** How many rotary frequencies follow time, height and width; they sum to headWidth / 2. */
  readonly ropeSections: readonly [time: number, height: number, width: number];
  readonly normEpsilon: number;
}

/** One block of the decoder. */
export type DecoderLayer<T> = {
  readonly input_layernorm: RmsNorm<T>;
  readonly self_attn: SelfAttention<T>;
  readonly post_attention_layernorm: RmsNorm<T>;
  readonly mlp: SwiGlu<T>;
};

/** Names under `model.language_model` of a Qwen3-VL checkpoint. */
export type LanguageModel<T> = {
  readonly embed_tokens: Embedding<T>;
  readonly layers: readonly DecoderLayer<T>[];
  readonly norm: RmsNorm<T>;
};

/** Initial parameters. */
export function languageModelSpec(c: LanguageConfig): LanguageModel<ParameterSpec> {
  return {
    embed_tokens: embeddingSpec(c.vocabulary, c.width, normal(0.5)),
    layers: decoderLayersSpec(c),
    norm: rmsNormSpec(c.width),
  };
}

/** Initial parameters of all blocks. */
export function decoderLayersSpec(
  c: SelfAttentionSize & Pick<LanguageConfig, 'layers' | 'mlpWidth'>,
): DecoderLayer<ParameterSpec>[] {
  // The branches of all layers add up; each starts with its share.
  const outputGain = 1 / Math.sqrt(2 * c.layers);
  return Array.from({ length: c.layers }, () => ({
    input_layernorm: rmsNormSpec(c.width),
    self_attn: selfAttentionSpec(c, outputGain),
    post_attention_layernorm: rmsNormSpec(c.width),
    mlp: swiGluSpec(c.width, c.mlpWidth, outputGain),
  }));
}

/** What a decoder makes of a sequence. */
export interface Decoded {
  /** After the final norm, [B, T, D]. */
  readonly hidden: Value;
  /** What later tokens read, layer by layer. */
  readonly layers: readonly KeysAndValues[];
}

/**
 * Embeddings [B, T, D] through all layers. `mask` broadcasts to [B, heads, T, T]; `deepstack[i]` [B, T, D] is added after
 * layer i.
 */
export function languageModel(
  p: LanguageModel<Value>,
  embeddings: Value,
  rotary: RotaryTable,
  mask: Value | null,
  deepstack: readonly Value[],
  c: LanguageConfig,
): Decoded {
  const layers: KeysAndValues[] = [];
  const hidden = decoderLayers(p, embeddings, deepstack, c, (attention, x) => {
    const { output, keys, values } = selfAttention(attention, x, c, rotary, mask, c.normEpsilon);
    layers.push({ keys, values });
    return output;
  });
  return { hidden, layers };
}

/** All layers, with `attend` as the attention of layer i to what it may see: [B, T, D] → [B, T, D], after the final norm. */
export function decoderLayers(
  p: LanguageModel<Value>,
  embeddings: Value,
  deepstack: readonly Value[],
  c: Pick<LanguageConfig, 'normEpsilon'>,
  attend: (p: SelfAttention<Value>, x: Value, layer: number) => Value,
): Value {
  let x = embeddings;
  for (const [i, layer] of p.layers.entries()) {
    x = segment(() => {
      const y = add(x, attend(layer.self_attn, rmsNorm(layer.input_layernorm, x, c.normEpsilon), i));
      return add(y, swiGlu(layer.mlp, rmsNorm(layer.post_attention_layernorm, y, c.normEpsilon)));
    });
    const extra = deepstack[i];
    if (extra !== undefined) x = add(x, extra);
  }
  return rmsNorm(p.norm, x, c.normEpsilon);
}
