/**
 * @file One layer of Xiaomi-Robotics-0's diffusion transformer: attention over its own tokens and the prompt's, SwiGLU, and a
 * shift, scale and gate of the flow time around each.
 *
 * Axes: B samples, N = B · K draws, T own tokens of a draw, D width.
 */

import { add, constant, dims, mul, reshape, split, type Value } from '../../engine/index.ts';
import { attendWithPrefix, splitHeads, type Prefix } from '../../nn/attention.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { swiGlu, swiGluSpec, type SwiGlu } from '../../nn/mlp.ts';
import { rmsNorm, rmsNormSpec, type RmsNorm } from '../../nn/norm.ts';
import { parameter, type ParameterSpec } from '../../nn/parameters.ts';
import { applyRotary, type RotaryTable } from '../../nn/rotary.ts';
import type { ExpertConfig } from './config.ts';

/** `qkv_proj` [3 · D, D] makes queries, keys and values, in this order; `adaln_table` [6, D] is added to the time's modulation. */
export type ExpertLayer<T> = {
  readonly attn: {
    readonly qkv_proj: Linear<T>;
    readonly o_proj: Linear<T>;
    readonly q_norm: RmsNorm<T>;
    readonly k_norm: RmsNorm<T>;
  };
  readonly mlp: SwiGlu<T>;
  readonly input_layernorm: RmsNorm<T>;
  readonly middle_layernorm: RmsNorm<T>;
  readonly post_layernorm: RmsNorm<T>;
  readonly final_layernorm: RmsNorm<T>;
  readonly adaln_table: T;
};

/** Initial parameters: scales of 0 and gates of 1, so that the layer starts as an ordinary transformer's. */
export function expertLayerSpec(c: ExpertConfig): ExpertLayer<ParameterSpec> {
  const D = c.width;
  const gain = 1 / Math.sqrt(2 * c.layers);
  const norm = rmsNormSpec(D);
  return {
    attn: {
      qkv_proj: linearSpec(D, 3 * D, { bias: true }),
      o_proj: linearSpec(D, D, { bias: false, gain }),
      q_norm: rmsNormSpec(c.headWidth),
      k_norm: rmsNormSpec(c.headWidth),
    },
    mlp: swiGluSpec(D, c.mlpWidth, gain),
    input_layernorm: norm,
    middle_layernorm: norm,
    post_layernorm: norm,
    final_layernorm: norm,
    adaln_table: parameter([6, D], {
      kind: 'values',
      fill: (i) => (Math.floor(i / D) % 3 === 2 ? 1 : 0),
    }),
  };
}

/** What the expert's tokens know of each other. */
export interface OwnTokens {
  /** Of [B, K · T] tokens: the draws of a sample stand one after the other. */
  readonly rotary: RotaryTable;
  /** [K · T, K · T], or [B, 1, K · T, K · T], added to scores. */
  readonly mask: Value | null;
}

/** x [N, T, D] → [N, T, D]; `modulation` [N, 1, 6 D], or [N, T, 6 D] with one for each token; `prompt` has one key-value head for each of the expert's heads. */
export function expertLayer(
  p: ExpertLayer<Value>,
  x: Value,
  modulation: Value,
  prompt: Prefix,
  own: OwnTokens,
  c: ExpertConfig,
): Value {
  const norm = (weights: RmsNorm<Value>, y: Value): Value => rmsNorm(weights, y, c.normEpsilon);
  const D = c.width;
  const parts = split(add(modulation, reshape(p.adaln_table, [1, 1, 6 * D])), 2, Array<number>(6).fill(D));
  const [shift1, scale1, gate1, shift2, scale2, gate2] = parts as [Value, Value, Value, Value, Value, Value];
  const modulate = (y: Value, shift: Value, scale: Value): Value => add(mul(y, add(scale, constant(1))), shift);
  const attended = attendAll(p.attn, modulate(norm(p.input_layernorm, x), shift1, scale1), prompt, own, c);
  // The middle and the final norm stand on the residual stream itself.
  const middle = norm(p.middle_layernorm, add(x, mul(gate1, attended)));
  const inner = swiGlu(p.mlp, modulate(norm(p.post_layernorm, middle), shift2, scale2));
  return norm(p.final_layernorm, add(middle, mul(gate2, inner)));
}

function attendAll(
  { qkv_proj, o_proj, q_norm, k_norm }: ExpertLayer<Value>['attn'],
  x: Value,
  prompt: Prefix,
  own: OwnTokens,
  c: ExpertConfig,
): Value {
  const { N, T, D } = dims(x, 'N T D');
  const { B } = dims(prompt.keys, 'B N S d');
  const [q, k, v] = split(linear(qkv_proj, x), 2, [D, D, D]).map((y) =>
    splitHeads(reshape(y, [B, (N / B) * T, D]), D / c.headWidth),
  ) as [Value, Value, Value];
  const queries = applyRotary(rmsNorm(q_norm, q, c.normEpsilon), own.rotary);
  const keys = applyRotary(rmsNorm(k_norm, k, c.normEpsilon), own.rotary);
  const attended = attendWithPrefix(queries, { keys, values: v }, prompt, own.mask);
  return linear(o_proj, reshape(attended, [N, T, D]));
}
