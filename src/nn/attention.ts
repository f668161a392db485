/**
 * @file Scaled dot-product attention (Vaswani et al. 2017) with grouped key-value heads (Ainslie et al. 2023), and the
 * self-attention of Qwen3: normalised queries and keys, rotary positions.
 *
 * Axes: B batch, T queries, S keys, D width, N query heads, K key-value heads, d features of a head.
 */

import { f32 } from '../base/tensor.ts';
import {
  attention,
  concat,
  constant,
  dims,
  divideDims,
  expand,
  multiplyDims,
  namedDims,
  reshape,
  transpose,
  type Value,
} from '../engine/index.ts';
import { linear, linearSpec, type Linear } from './linear.ts';
import { rmsNorm, rmsNormSpec, type RmsNorm } from './norm.ts';
import type { ParameterSpec } from './parameters.ts';
import { applyRotary, type RotaryTable } from './rotary.ts';

/** Added to the scores of keys that may not be seen; finite, so that a row without any key stays a number. */
export const HIDDEN = -1e9;

/** [B, T, N · d] → [B, N, T, d]. */
export function splitHeads(x: Value, heads: number): Value {
  const { B, T, D } = namedDims(x, 'B T D');
  return transpose(reshape(x, [B, T, heads, divideDims(D, heads)!]), [0, 2, 1, 3]);
}

/** [B, N, T, d] → [B, T, N · d]. */
export function mergeHeads(x: Value): Value {
  const { B, N, T, d } = namedDims(x, 'B N T d');
  return reshape(transpose(x, [0, 2, 1, 3]), [B, T, multiplyDims(N, d)]);
}

/**
 * softmax(q kᵀ / √d + mask) v. q [B, N, T, d]; k and v [B, K, S, d] where K divides N (head n reads key-value head
 * ⌊n K / N⌋); mask broadcasts to [B, N, T, S], 0 or `HIDDEN`. Returns [B, T, N · d].
 */
export function attend(q: Value, k: Value, v: Value, mask: Value | null): Value {
  const d = q.shape[3] as number;
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

/** What later tokens read of a layer: keys after normalisation and rotation, and values, [B, K, T, d] each. */
export interface KeysAndValues {
  readonly keys: Value;
  readonly values: Value;
}

/** Queries [B, N, T, d] of x [B, T, D], with its keys and values; queries and keys are normalised per head, then turned by their positions. */
export function projectHeads(
  p: Omit<SelfAttention<Value>, 'o_proj'>,
  x: Value,
  size: SelfAttentionSize,
  rotary: RotaryTable,
  epsilon: number,
): KeysAndValues & { readonly queries: Value } {
  return {
    queries: applyRotary(rmsNorm(p.q_norm, splitHeads(linear(p.q_proj, x), size.heads), epsilon), rotary),
    keys: applyRotary(rmsNorm(p.k_norm, splitHeads(linear(p.k_proj, x), size.kvHeads), epsilon), rotary),
    values: splitHeads(linear(p.v_proj, x), size.kvHeads),
  };
}

/** x [B, T, D] → [B, T, D], and the keys and values that it was computed from. */
export function selfAttention(
  p: SelfAttention<Value>,
  x: Value,
  size: SelfAttentionSize,
  rotary: RotaryTable,
  mask: Value | null,
  epsilon: number,
): KeysAndValues & { readonly output: Value } {
  const { queries, keys, values } = projectHeads(p, x, size, rotary, epsilon);
  return { output: linear(p.o_proj, attend(queries, keys, values, mask)), keys, values };
}

/** A context that own tokens see beside themselves; `mask` [B, 1, 1, S] is 0 or `HIDDEN`. */
export interface Prefix extends KeysAndValues {
  readonly mask: Value | null;
}

/**
 * Attention of own tokens to a prefix of S tokens and to themselves: q [B, N, T, d], own keys and values [B, K, T, d] →
 * [B, T, N · d]. `ownMask` broadcasts to [B, 1, T, T]. Draws that share a context stand one after the other in T, apart by
 * `blockMask`: so the prefix is there once.
 */
export function attendWithPrefix(q: Value, own: KeysAndValues, prefix: Prefix, ownMask: Value | null): Value {
  const { B, T } = dims(q, 'B N T d');
  const { S } = dims(prefix.keys, 'B K S d');
  const keys = concat([prefix.keys, own.keys], 2);
  const values = concat([prefix.values, own.values], 2);
  if (prefix.mask === null && ownMask === null) return attend(q, keys, values, null);
  const whole = (mask: Value | null, length: typeof T): Value => expand(mask ?? constant(0), [B, 1, T, length]);
  return attend(q, keys, values, concat([whole(prefix.mask, S), whole(ownMask, T)], 3));
}

/**
 * The mask [draws · T, draws · T] of `draws` sequences of T tokens one after the other, 0 or `HIDDEN`: none sees another, and
 * inside one `sees(query, key)` decides. Null where everything is seen.
 */
export function blockMask(T: number, draws: number, sees: (query: number, key: number) => boolean): Value | null {
  const length = draws * T;
  const mask = new Float32Array(length * length).fill(HIDDEN);
  let hidden = length * length;
  for (let i = 0; i < length; i++) {
    const first = i - (i % T);
    for (let key = 0; key < T; key++) {
      if (!sees(i - first, key)) continue;
      mask[i * length + first + key] = 0;
      hidden--;
    }
  }
  return hidden === 0 ? null : constant(f32(mask, [length, length]));
}
