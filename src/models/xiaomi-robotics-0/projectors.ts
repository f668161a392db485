/** @file The small maps around Xiaomi-Robotics-0's expert: two linear maps with a GELU between, and the embedding of the flow time. */

import { constant, gelu, mul, silu, type Value } from '../../engine/index.ts';
import { perToken } from '../../nn/ada-norm.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { sinusoid } from '../../nn/time-embedding.ts';

type TwoMaps<T> = { readonly 0: Linear<T>; readonly 2: Linear<T> };

/** Two linear maps without bias. */
export type Projector<T> = { readonly layers: TwoMaps<T> };

/** Initial parameters; `gain` scales the last map. */
export function projectorSpec(input: number, output: number, gain = 1): Projector<ParameterSpec> {
  const bias = false;
  return { layers: { 0: linearSpec(input, output, { bias }), 2: linearSpec(output, output, { bias, gain }) } };
}

/** x [..., input] → [..., output]. */
export function projector({ layers }: Projector<Value>, x: Value): Value {
  return linear(layers[2], gelu(linear(layers[0], x), { approximate: 'tanh' }));
}

/** From the flow time to the shift, scale and gate of both branches, shared by all layers. */
export type TimeModulation<T> = {
  readonly t_embedder: { readonly mlp: TwoMaps<T> };
  readonly t_projector: { readonly layers: { readonly 0: Linear<T> } };
};

/** Initial parameters; the layers' own tables decide how they start. */
export function timeModulationSpec(features: number, width: number): TimeModulation<ParameterSpec> {
  const bias = false;
  return {
    t_embedder: { mlp: { 0: linearSpec(features, width, { bias }), 2: linearSpec(width, width, { bias }) } },
    t_projector: { layers: { 0: linearSpec(width, 6 * width, { bias: true, gain: 0.1 }) } },
  };
}

/** Times [N], or [N, T] with one for each token, from 0 (noise) to 1 (action) → [N, 1, 6 D] or [N, T, 6 D]. */
export function timeModulation(
  { t_embedder: { mlp }, t_projector }: TimeModulation<Value>,
  time: Value,
  features: number,
): Value {
  const waves = sinusoid(mul(time, constant(1000)), { width: features, first: 'cos', shift: 0 });
  const embedded = linear(mlp[2], silu(linear(mlp[0], waves)));
  return perToken(linear(t_projector.layers[0], embedded));
}
