/**
 * @file The self-attention of Qwen3.5: normalised queries and keys with zero-centred scales, rotary positions on a part of each head, and
 * an output that a gate of the query's own scales.
 *
 * Axes: B batch, T queries, S keys, D width, N query heads, K key-value heads, d features of a head.
 */

import { concat, dims, mul, reshape, sigmoid, slice, type Value } from '../engine/index.ts';
import { attend, splitHeads, type KeysAndValues, type SelfAttention, type SelfAttentionSize } from './attention.ts';
import { linear, linearSpec } from './linear.ts';
import { zeroCentredRmsNorm, zeroCentredRmsNormSpec } from './norm.ts';
import type { ParameterSpec } from './parameters.ts';
import { applyRotary, type RotaryTable } from './rotary.ts';

/** The layout of `SelfAttention`, but q [2 N·d, D]: d rows of query, then d rows of gate, head by head. */
export type GatedAttention<T> = SelfAttention<T>;

/** Initial parameters; `outputGain` scales the last map. */
export function gatedAttentionSpec(
  { width, heads, kvHeads, headWidth }: SelfAttentionSize,
  outputGain: number,
): GatedAttention<ParameterSpec> {
  return {
    q_proj: linearSpec(width, 2 * heads * headWidth, { bias: false }),
    k_proj: linearSpec(width, kvHeads * headWidth, { bias: false }),
    v_proj: linearSpec(width, kvHeads * headWidth, { bias: false }),
    o_proj: linearSpec(heads * headWidth, width, { bias: false, gain: outputGain }),
    q_norm: zeroCentredRmsNormSpec(headWidth),
    k_norm: zeroCentredRmsNormSpec(headWidth),
  };
}

/** Keys and values of earlier tokens, then `own`. */
export function appendTo(before: KeysAndValues, own: KeysAndValues): KeysAndValues {
  return { keys: concat([before.keys, own.keys], 2), values: concat([before.values, own.values], 2) };
}

/**
 * x [B, T, D] → [B, T, D], and all keys and values: what `remember` makes of its own, those of earlier tokens among them. `mask`
 * broadcasts to [B, N, T, S].
 */
export function gatedAttention(
  p: GatedAttention<Value>,
  x: Value,
  { heads, kvHeads, headWidth }: SelfAttentionSize,
  rotary: RotaryTable,
  mask: Value | null,
  remember: (own: KeysAndValues) => KeysAndValues,
  epsilon: number,
): { readonly output: Value; readonly state: KeysAndValues } {
  const { B, T } = dims(x, 'B T D');
  const both = reshape(linear(p.q_proj, x), [B, T, heads, 2 * headWidth]);
  const part = (i: number): Value =>
    reshape(slice(both, 3, i * headWidth, (i + 1) * headWidth), [B, T, heads * headWidth]);
  const turn = (norm: typeof p.q_norm, y: Value, count: number): Value =>
    applyRotary(zeroCentredRmsNorm(norm, splitHeads(y, count), epsilon), rotary);
  const [query, gate] = [part(0), part(1)];
  const own = {
    keys: turn(p.k_norm, linear(p.k_proj, x), kvHeads),
    values: splitHeads(linear(p.v_proj, x), kvHeads),
  };
  const state = remember(own);
  const seen = attend(turn(p.q_norm, query, heads), state.keys, state.values, mask);
  return { output: linear(p.o_proj, mul(seen, sigmoid(gate))), state };
}
