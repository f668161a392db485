/** @file Position-wise networks: SwiGLU (Shazeer 2020), and two affine maps with an activation between. */

import { mul, silu, type Value } from '../engine/index.ts';
import { linear, linearSpec, type Linear } from './linear.ts';
import type { ParameterSpec } from './parameters.ts';

/** gate and up [inner, D], down [D, inner], as in Qwen's checkpoints. */
export type SwiGlu<T> = {
  readonly gate_proj: Linear<T>;
  readonly up_proj: Linear<T>;
  readonly down_proj: Linear<T>;
};

/** `outputGain` scales the initial last map: below 1, the branch starts as a small correction. */
export function swiGluSpec(width: number, inner: number, outputGain: number): SwiGlu<ParameterSpec> {
  return {
    gate_proj: linearSpec(width, inner, { bias: false }),
    up_proj: linearSpec(width, inner, { bias: false }),
    down_proj: linearSpec(inner, width, { bias: false, gain: outputGain }),
  };
}

/** down(silu(gate(x)) · up(x)): x [..., D] → [..., D]. */
export function swiGlu(p: SwiGlu<Value>, x: Value): Value {
  return linear(p.down_proj, mul(silu(linear(p.gate_proj, x)), linear(p.up_proj, x)));
}

/** Two affine maps with Qwen3-VL's names. */
export type Mlp<T> = { readonly linear_fc1: Linear<T>; readonly linear_fc2: Linear<T> };

/** Initial parameters; `outputGain` scales the last map. */
export function mlpSpec(input: number, inner: number, output: number, outputGain: number): Mlp<ParameterSpec> {
  return {
    linear_fc1: linearSpec(input, inner, { bias: true }),
    linear_fc2: linearSpec(inner, output, { bias: true, gain: outputGain }),
  };
}

/** fc2(activation(fc1(x))). */
export function mlp(p: Mlp<Value>, x: Value, activation: (x: Value) => Value): Value {
  return linear(p.linear_fc2, activation(linear(p.linear_fc1, x)));
}
