/**
 * @file Blocks of a single-stream diffusion transformer (Esser et al. 2024, with adaLN-Zero of Peebles and Xie 2022): one self-attention
 * over all tokens with normalised, rotated queries and keys, and a SwiGLU; a condition shifts and scales what enters each, and gates what
 * leaves it.
 *
 * Axes: N sequences, T tokens, D width.
 */

import { add, constant, mul, silu, split, type Value } from '../../engine/index.ts';
import { perToken } from '../../nn/ada-norm.ts';
import { projectHeads, selfAttentionSpec, type KeysAndValues, type SelfAttention } from '../../nn/attention.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { swiGlu, swiGluSpec, type SwiGlu } from '../../nn/mlp.ts';
import { plainLayerNorm } from '../../nn/norm.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import type { RotaryTable } from '../../nn/rotary.ts';

/** Sizes; the width is heads × headWidth. */
export interface SingleStreamConfig {
  readonly blocks: number;
  readonly heads: number;
  readonly headWidth: number;
  readonly mlpWidth: number;
  readonly normEpsilon: number;
}

/** A block without biases. */
export type SingleStreamBlock<T> = {
  /** [6 D, D]: shift, scale and gate of the attention, then of the SwiGLU. */
  readonly modulation: Linear<T>;
  readonly attn: SelfAttention<T>;
  readonly mlp: SwiGlu<T>;
};

/** D. */
export const singleStreamWidth = (c: SingleStreamConfig): number => c.heads * c.headWidth;

/** Initial parameters of one block; the modulation starts small, so that the block starts near the identity. */
export function singleStreamBlockSpec(c: SingleStreamConfig): SingleStreamBlock<ParameterSpec> {
  const width = singleStreamWidth(c);
  return {
    modulation: linearSpec(width, 6 * width, { bias: false, gain: 0.1 }),
    attn: selfAttentionSpec({ width, heads: c.heads, kvHeads: c.heads, headWidth: c.headWidth }, 1),
    mlp: swiGluSpec(width, c.mlpWidth, 1),
  };
}

/** What a block's attention does with its normalised tokens [N, T, D] before the last map: [N, T', D]. */
export type Mix = (attn: SelfAttention<Value>, tokens: Value) => Value;

/** Queries, keys and values [N, heads, T, d] of tokens [N, T, D]. */
export function projectTokens(
  p: SelfAttention<Value>,
  tokens: Value,
  rotary: RotaryTable,
  { heads, headWidth, normEpsilon }: SingleStreamConfig,
): KeysAndValues & { readonly queries: Value } {
  const size = { width: heads * headWidth, heads, kvHeads: heads, headWidth };
  return projectHeads(p, tokens, size, rotary, normEpsilon);
}

/**
 * x [N, T, D] → [N, T', D] under a condition [N, D], or [N, T, D] with one for each token. `mix` may return fewer tokens than it gets, which `keep` picks out of x: what the
 * last block need not compute.
 */
export function singleStreamBlock(
  p: SingleStreamBlock<Value>,
  x: Value,
  condition: Value,
  mix: Mix,
  keep: (x: Value) => Value,
  c: SingleStreamConfig,
): Value {
  const modulation = perToken(linear(p.modulation, silu(condition)));
  const parts = split(modulation, 2, Array<number>(6).fill(singleStreamWidth(c)));
  const [shift1, scale1, gate1, shift2, scale2, gate2] = parts.map((part, i) =>
    condition.shape.length === 3 && i >= 2 ? keep(part) : part,
  );
  const modulate = (y: Value, shift: Value, scale: Value): Value =>
    add(mul(plainLayerNorm(y, c.normEpsilon), add(scale, constant(1))), shift);
  const mixed = linear(p.attn.o_proj, mix(p.attn, modulate(x, shift1!, scale1!)));
  const y = add(keep(x), mul(mixed, gate1!));
  return add(y, mul(swiGlu(p.mlp, modulate(y, shift2!, scale2!)), gate2!));
}
