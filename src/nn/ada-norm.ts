/** @file Layer normalisation whose scale and shift come from a condition (adaLN, Peebles and Xie 2022). */

import { add, constant, dims, mul, reshape, silu, split, type Value } from '../engine/index.ts';
import { linear, linearSpec, type Linear } from './linear.ts';
import { plainLayerNorm } from './norm.ts';
import type { ParameterSpec } from './parameters.ts';

/** Which half of the affine map's output is which. */
export type ModulationOrder = 'scale-shift' | 'shift-scale';

/** The map from a condition of D features to 2 D: scale and shift. It starts small, so that the norm starts plain. */
export function modulationSpec(width: number): Linear<ParameterSpec> {
  return linearSpec(width, 2 * width, { bias: true, gain: 0.1 });
}

/**
 * norm(x) · (1 + scale) + shift with (scale, shift) = p(silu(condition)): x [B, T, D], condition [B, D], or [B, T, D] with one for each
 * token.
 */
export function adaLayerNorm(
  p: Linear<Value>,
  x: Value,
  condition: Value,
  order: ModulationOrder,
  epsilon: number,
): Value {
  const { D } = dims(x, 'B T D');
  const halves = split(perToken(linear(p, silu(condition))), -1, [D, D]);
  const [scale, shift] = order === 'scale-shift' ? halves : [...halves].reverse();
  return add(mul(plainLayerNorm(x, epsilon), add(scale!, constant(1))), shift!);
}

/** What a condition gave, for every token: [B, D] → [B, 1, D]; [B, T, D] stays. */
export function perToken(x: Value): Value {
  const [B, ...rest] = x.shape as readonly number[];
  return rest.length === 1 ? reshape(x, [B!, 1, ...rest]) : x;
}
