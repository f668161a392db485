/**
 * @file A critic on the vision-language model: a linear map, or a small perceptron, of the mean of the prompt's hidden states, which its
 * gradient does not reach (papers/qwen-vla, section 4.2, "Value estimation").
 *
 * Axes: B batch, S prompt tokens, D width.
 */

import { dims, div, mul, reduceSum, reshape, silu, stopGradient, type Value } from '../../engine/index.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { parameter, type ParameterSpec } from '../../nn/parameters.ts';
import type { EncodedPrompt } from './prompt-encoder.ts';

/** How large the head is. */
export interface ValueHeadConfig {
  /** Width of the hidden layer; null: linear, as published. */
  readonly hidden: number | null;
}

/** Names of the head's parameters. */
export type ValueHead<T> = { readonly hidden?: Linear<T>; readonly value: Linear<T> };

/** Initial parameters: a new head says 0. */
export function valueHeadSpec({ hidden }: ValueHeadConfig, width: number): ValueHead<ParameterSpec> {
  const zero = (input: number): Linear<ParameterSpec> => ({
    weight: parameter([1, input], 'zeros'),
    bias: parameter([1], 'zeros'),
  });
  if (hidden === null) return { value: zero(width) };
  return { hidden: linearSpec(width, hidden, { bias: true }), value: zero(hidden) };
}

/** The mean of the hidden states that are not padding, [B, D], without a gradient. */
export function pooledPrompt({ hidden, valid }: Pick<EncodedPrompt, 'hidden' | 'valid'>): Value {
  const { B, S } = dims(hidden, 'B S D');
  const counts = reshape(valid, [B, S, 1]);
  return stopGradient(div(reduceSum(mul(hidden, counts), [1]), reduceSum(counts, [1])));
}

/** The value [B] of a pooled prompt [B, D]. */
export function promptValue(p: ValueHead<Value>, pooled: Value): Value {
  const { B } = dims(pooled, 'B D');
  return reshape(linear(p.value, p.hidden === undefined ? pooled : silu(linear(p.hidden, pooled))), [B]);
}
