/**
 * @file Qwen3.5's text decoder over embedded prompts: layers of gated delta rule, every fourth one of gated attention with interleaved
 * three-axis rotary positions; SwiGLU; zero-centred root-mean-square norms. The same function encodes a prompt and, from the state that
 * it returns, decodes token by token.
 *
 * Axes: B batch, T tokens, S tokens so far, D width.
 */

import { add, segment, type Value } from '../../engine/index.ts';
import type { KeysAndValues } from '../../nn/attention.ts';
import { embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { appendTo, gatedAttention, gatedAttentionSpec, type GatedAttention } from '../../nn/gated-attention.ts';
import { writeCache, type CachePlaces } from '../../nn/key-value-cache.ts';
import { swiGlu, swiGluSpec, type SwiGlu } from '../../nn/mlp.ts';
import { zeroCentredRmsNorm, zeroCentredRmsNormSpec, type RmsNorm } from '../../nn/norm.ts';
import { normal, type ParameterSpec } from '../../nn/parameters.ts';
import type { RotaryTable } from '../../nn/rotary.ts';
import {
  gatedDeltaNet,
  gatedDeltaNetSpec,
  type DeltaNetConfig,
  type DeltaNetState,
  type GatedDeltaNet,
} from './gated-delta-net.ts';
import type { Decoded } from './language-model.ts';

/** Sizes; widths in features. */
export interface HybridLanguageConfig {
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  /** The last layer of each so many attends to all tokens (Qwen3.5: 4); the others have the delta rule. */
  readonly attentionPeriod: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
  /** How many features of a head positions turn (Qwen3.5: a quarter). */
  readonly rotaryWidth: number;
  readonly mlpWidth: number;
  readonly delta: DeltaNetConfig;
  readonly ropeTheta: number;
  /** How many rotary frequencies follow time, height and width; they sum to rotaryWidth / 2. */
  readonly ropeSections: readonly [time: number, height: number, width: number];
  readonly normEpsilon: number;
}

/** Either `linear_attn` or `self_attn` is there. */
type DecoderLayer<T> = {
  readonly input_layernorm: RmsNorm<T>;
  readonly linear_attn?: GatedDeltaNet<T>;
  readonly self_attn?: GatedAttention<T>;
  readonly post_attention_layernorm: RmsNorm<T>;
  readonly mlp: SwiGlu<T>;
};

/** Names under `model.language_model` of a Qwen3.5 checkpoint. */
export type HybridLanguageModel<T> = {
  readonly embed_tokens: Embedding<T>;
  readonly layers: readonly DecoderLayer<T>[];
  readonly norm: RmsNorm<T>;
};

/** Whether layer i attends to all tokens. */
export const attendsFully = (i: number, c: HybridLanguageConfig): boolean => (i + 1) % c.attentionPeriod === 0;

/** Initial parameters. */
export function hybridLanguageModelSpec(c: HybridLanguageConfig): HybridLanguageModel<ParameterSpec> {
  // The branches of all layers add up; each starts with its share.
  const outputGain = 1 / Math.sqrt(2 * c.layers);
  return {
    embed_tokens: embeddingSpec(c.vocabulary, c.width, normal(0.5)),
    layers: Array.from({ length: c.layers }, (_, i) => ({
      input_layernorm: zeroCentredRmsNormSpec(c.width),
      ...(attendsFully(i, c)
        ? { self_attn: gatedAttentionSpec(c, outputGain) }
        : { linear_attn: gatedDeltaNetSpec(c.width, c.delta, outputGain) }),
      post_attention_layernorm: zeroCentredRmsNormSpec(c.width),
      mlp: swiGluSpec(c.width, c.mlpWidth, outputGain),
    })),
    norm: zeroCentredRmsNormSpec(c.width),
  };
}

/** What a layer remembers of the tokens so far; either field is there, as in `DecoderLayer`. */
export interface LayerState {
  readonly attention?: KeysAndValues;
  readonly delta?: DeltaNetState;
}

/** What the tokens at hand may see, and where they are. */
export interface DecoderContext {
  readonly rotary: RotaryTable;
  /** Added to the scores of full attention, broadcasts to [B, heads, T, S]: causal for the published model. */
  readonly mask: Value | null;
  /** f32 [B, T]: 0 for padding, at the end; null where there is none. */
  readonly tokenMask: Value | null;
  /** What the layers remember of earlier tokens; null for a new prompt. */
  readonly states: readonly LayerState[] | null;
  /** Where the keys and values of these tokens go in caches of fixed size; absent: behind the earlier ones. */
  readonly cache?: CachePlaces;
}

/** Hidden states, and what decoding goes on from. Keys and values are those of the layers that have them. */
export interface HybridDecoded extends Decoded {
  /** After the last token that is not padding, layer by layer. */
  readonly states: readonly LayerState[];
}

/** Embeddings [B, T, D] through all layers. */
export function hybridLanguageModel(
  p: HybridLanguageModel<Value>,
  embeddings: Value,
  context: DecoderContext,
  c: HybridLanguageConfig,
): HybridDecoded {
  let x = embeddings;
  const states: LayerState[] = [];
  for (const [i, layer] of p.layers.entries()) {
    x = segment(() => {
      const mixed = mixTokens(layer, x, context, context.states?.[i] ?? {}, c);
      states.push(mixed.state);
      const y = add(x, mixed.output);
      return add(y, swiGlu(layer.mlp, zeroCentredRmsNorm(layer.post_attention_layernorm, y, c.normEpsilon)));
    });
  }
  const layers = states.flatMap(({ attention }) => (attention === undefined ? [] : [attention]));
  return { hidden: zeroCentredRmsNorm(p.norm, x, c.normEpsilon), layers, states };
}

function mixTokens(
  layer: DecoderLayer<Value>,
  x: Value,
  { rotary, mask, tokenMask, cache }: DecoderContext,
  before: LayerState,
  c: HybridLanguageConfig,
): { readonly output: Value; readonly state: LayerState } {
  const normed = zeroCentredRmsNorm(layer.input_layernorm, x, c.normEpsilon);
  if (layer.linear_attn !== undefined) {
    const { output, state } = gatedDeltaNet(
      layer.linear_attn,
      normed,
      tokenMask,
      before.delta ?? null,
      c.delta,
      c.normEpsilon,
    );
    return { output, state: { delta: state } };
  }
  const earlier = before.attention;
  const remember = (own: KeysAndValues): KeysAndValues => {
    if (earlier === undefined) return own;
    return cache === undefined ? appendTo(earlier, own) : writeCache(earlier, own, cache);
  };
  const { output, state } = gatedAttention(layer.self_attn!, normed, c, rotary, mask, remember, c.normEpsilon);
  return { output, state: { attention: state } };
}
