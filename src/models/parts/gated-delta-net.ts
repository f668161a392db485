/**
 * @file The linear attention of Qwen3-Next and Qwen3.5 (Gated DeltaNet, Yang, Kautz and Hatamizadeh 2024, arXiv 2412.06464): a short
 * causal convolution over queries, keys and values, the gated delta rule, and a normalised, gated output.
 *
 * Axes: B batch, T tokens, D width, G heads of queries and keys, N heads of values.
 */

import {
  abs,
  add,
  cast,
  concat,
  constant,
  dims,
  equal,
  exp,
  expand,
  log,
  matmul,
  mul,
  neg,
  reduceSum,
  reshape,
  sigmoid,
  silu,
  slice,
  split,
  sub,
  transpose,
  type Value,
} from '../../engine/index.ts';
import { mergeHeads, splitHeads } from '../../nn/attention.ts';
import { causalConv, causalConvSpec, type CausalConv } from '../../nn/causal-conv.ts';
import { gatedDeltaRule } from '../../nn/delta-rule.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { rmsNorm, rmsNormSpec, scaleToLength, type RmsNorm } from '../../nn/norm.ts';
import { parameter, type ParameterSpec } from '../../nn/parameters.ts';

/** Sizes; valueHeads is a multiple of keyHeads. */
export interface DeltaNetConfig {
  readonly keyHeads: number;
  readonly valueHeads: number;
  /** Features of a key head and of a value head. */
  readonly keyWidth: number;
  readonly valueWidth: number;
  /** Taps of the convolution. */
  readonly kernel: number;
}

/** Names under `linear_attn` of a Qwen3.5 checkpoint. */
export type GatedDeltaNet<T> = {
  /** [2 · keys + values, D]: queries, keys, values. */
  readonly in_proj_qkv: Linear<T>;
  readonly in_proj_z: Linear<T>;
  readonly in_proj_b: Linear<T>;
  readonly in_proj_a: Linear<T>;
  readonly conv1d: CausalConv<T>;
  /** [N]. */
  readonly dt_bias: T;
  /** [N]: the logarithm of the rate of forgetting. */
  readonly A_log: T;
  readonly norm: RmsNorm<T>;
  readonly out_proj: Linear<T>;
};

/** Initial parameters: heads forget at rates from a few tokens to a thousand. */
export function gatedDeltaNetSpec(width: number, c: DeltaNetConfig, outputGain: number): GatedDeltaNet<ParameterSpec> {
  const [keys, values] = [c.keyHeads * c.keyWidth, c.valueHeads * c.valueWidth];
  const rate = (i: number): number => 1 + (15 * (i + 0.5)) / c.valueHeads;
  const step = (i: number): number => 0.001 * 100 ** ((0.5 + i * 0.618034) % 1);
  return {
    in_proj_qkv: linearSpec(width, 2 * keys + values, { bias: false }),
    in_proj_z: linearSpec(width, values, { bias: false }),
    in_proj_b: linearSpec(width, c.valueHeads, { bias: false }),
    in_proj_a: linearSpec(width, c.valueHeads, { bias: false, gain: 0.1 }),
    conv1d: causalConvSpec(2 * keys + values, c.kernel),
    // softplus(dt_bias) is the step.
    dt_bias: parameter([c.valueHeads], { kind: 'values', fill: (i) => Math.log(Math.expm1(step(i))) }),
    A_log: parameter([c.valueHeads], { kind: 'values', fill: (i) => Math.log(rate(i)) }),
    norm: rmsNormSpec(c.valueWidth),
    out_proj: linearSpec(values, width, { bias: false, gain: outputGain }),
  };
}

/** What one layer remembers of the tokens so far. */
export interface DeltaNetState {
  /** [B, N, keyWidth, valueWidth]. */
  readonly memory: Value;
  /** What the convolution's next outputs still see, [B, kernel − 1, 2 · keys + values]. */
  readonly recent: Value;
}

const LENGTH_EPSILON = 1e-6;

/**
 * x [B, T, D] → [B, T, D] and the state after the last token, from `state` or from nothing. `tokenMask` [B, T] is 0 for padding, which neither
 * changes the memory nor is seen by anyone (null: no padding); the state serves decoding where padding stands at the end.
 */
export function gatedDeltaNet(
  p: GatedDeltaNet<Value>,
  tokens: Value,
  tokenMask: Value | null,
  state: DeltaNetState | null,
  c: DeltaNetConfig,
  epsilon: number,
): { readonly output: Value; readonly state: DeltaNetState } {
  const { B, T } = dims(tokens, 'B T D');
  const [keys, values] = [c.keyHeads * c.keyWidth, c.valueHeads * c.valueWidth];
  const real = (y: Value): Value => (tokenMask === null ? y : mul(y, reshape(tokenMask, [B, T, 1])));
  const heads = (perHead: Value): Value => transpose(perHead, [0, 2, 1]);

  const x = real(tokens);
  const mixed = linear(p.in_proj_qkv, x);
  const [q, k, v] = split(silu(causalConv(p.conv1d, mixed, state?.recent ?? null)), 2, [keys, keys, values]);
  const unit = (part: Value, length: number): Value =>
    scaleToLength(splitHeads(part, c.keyHeads), c.keyWidth, length, LENGTH_EPSILON);
  const forget = mul(neg(exp(p.A_log)), softplus(add(linear(p.in_proj_a, x), p.dt_bias)));
  const { output, memory } = gatedDeltaRule(
    {
      q: unit(q!, c.keyWidth ** -0.5),
      k: unit(k!, 1),
      v: splitHeads(v!, c.valueHeads),
      g: heads(real(forget)),
      beta: heads(real(sigmoid(linear(p.in_proj_b, x)))),
    },
    state?.memory ?? null,
  );
  const gate = silu(splitHeads(linear(p.in_proj_z, x), c.valueHeads));
  const gated = mul(rmsNorm(p.norm, output, epsilon), gate);
  return {
    output: linear(p.out_proj, mergeHeads(gated)),
    state: { memory, recent: lastTokens(mixed, tokenMask, state?.recent ?? null, c.kernel - 1) },
  };
}

/** log(1 + eˣ), without overflow. */
function softplus(x: Value): Value {
  const size = abs(x);
  return add(mul(add(x, size), constant(0.5)), log(add(exp(neg(size)), constant(1))));
}

/** The last `count` tokens before the padding of x [B, T, C], after those of `before` [B, count, C] or zeros: [B, count, C]. */
function lastTokens(x: Value, tokenMask: Value | null, before: Value | null, count: number): Value {
  const { B, T, C } = dims(x, 'B T C');
  const earlier = before ?? expand(constant(0), [B, count, C]);
  const all = concat([earlier, x], 1);
  if (tokenMask === null) return slice(all, 1, T, T + count);
  // Row j of the choice is 1 at the place of token length − count + j; `count` earlier ones stand before the tokens.
  const rows = reshape(constant(Array.from({ length: count }, (_, j) => j)), [1, count, 1]);
  const places = reshape(constant(Array.from({ length: T + count }, (_, t) => t)), [1, 1, T + count]);
  const length = reshape(reduceSum(tokenMask, [1]), [B, 1, 1]);
  return reshape(matmul(cast(equal(sub(places, rows), length), x.dtype), all), [B, count, C]);
}
