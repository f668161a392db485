/**
 * @file Scaled dot-product attention (Vaswani et al. 2017) with grouped key-value heads (Ainslie et al. 2023), and the
 * self-attention of Qwen3: normalised queries and keys, rotary positions.
 *
 * Axes: B batch, T queries, S keys, D width, N query heads, K key-value heads, d features of a head.
 */

import { attention, dims, reshape, transpose, type Value } from '../engine/index.ts';
import { linear, linearSpec, type Linear } from './linear.ts';
import { rmsNorm, rmsNormSpec, type RmsNorm } from './norm.ts';
import type { ParameterSpec } from './parameters.ts';
import { applyRotary, type RotaryTable } from './rotary.ts';

/** Added to the scores of keys that may not be seen; finite, so that a row without any key stays a number. */
export const HIDDEN = -1e9;

/** [B, T, N · d] → [B, N, T, d]. */
export function splitHeads(x: Value, heads: number): Value {
  const { B, T, D } = dims(x, 'B T D');
  return transpose(reshape(x, [B, T, heads, D / heads]), [0, 2, 1, 3]);
}

/** [B, N, T, d] → [B, T, N · d]. */
export function mergeHeads(x: Value): Value {
  const { B, N, T, d } = dims(x, 'B N T d');
  return reshape(transpose(x, [0, 2, 1, 3]), [B, T, N * d]);
}

/**
 * softmax(q kᵀ / √d + mask) v. q [B, N, T, d]; k and v [B, K, S, d] where K divides N (head n reads key-value head
 * ⌊n K / N⌋); mask broadcasts to [B, N, T, S], 0 or `HIDDEN`. Returns [B, T, N · d].
 */
export function attend(q: Value, k: Value, v: Value, mask: Value | null): Value {
  const { d } = dims(q, 'B N T d');
  return mergeHeads(attention(q, k, v, mask, { scale: d ** -0.5 }));
}

/** q [N·d, D], k and v [K·d, D], o [D, N·d]; the norms have the width of one head. */
export type SelfAttention<T> = {
  readonly q_proj: Linear<T>;
  readonly k_proj: Linear<T>;
  readonly v_proj: Linear<T>;
  readonly o_proj: Linear<T>;
  readonly q_norm: RmsNorm<T>;
  readonly k_norm: RmsNorm<T>;
};

/** Sizes of a self-attention; kvHeads divides heads. */
export interface SelfAttentionSize {
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headWidth: number;
}

/** Initial parameters; `outputGain` scales the last map. */
export function selfAttentionSpec(
  { width, heads, kvHeads, headWidth }: SelfAttentionSize,
  outputGain: number,
): SelfAttention<ParameterSpec> {
  return {
    q_proj: linearSpec(width, heads * headWidth, { bias: false }),
    k_proj: linearSpec(width, kvHeads * headWidth, { bias: false }),
    v_proj: linearSpec(width, kvHeads * headWidth, { bias: false }),
    o_proj: linearSpec(heads * headWidth, width, { bias: false, gain: outputGain }),
    q_norm: rmsNormSpec(headWidth),
    k_norm: rmsNormSpec(headWidth),
  };
}

/** x [B, T, D] → [B, T, D]; queries and keys are normalised per head, then turned by their positions. */
export function selfAttention(
  p: SelfAttention<Value>,
  x: Value,
  size: SelfAttentionSize,
  rotary: RotaryTable,
  mask: Value | null,
  epsilon: number,
): Value {
  const q = applyRotary(rmsNorm(p.q_norm, splitHeads(linear(p.q_proj, x), size.heads), epsilon), rotary);
  const k = applyRotary(rmsNorm(p.k_norm, splitHeads(linear(p.k_proj, x), size.kvHeads), epsilon), rotary);
  const v = splitHeads(linear(p.v_proj, x), size.kvHeads);
  return linear(p.o_proj, attend(q, k, v, mask));
}
