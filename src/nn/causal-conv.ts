/** @file A depthwise causal convolution along the tokens, with PyTorch's layout of the kernel. */

import { add, concat, dims, mul, pad, reshape, slice, transpose, type Value } from '../engine/index.ts';
import { normal, parameter, type ParameterSpec } from './parameters.ts';

/** weight [channels, 1, kernel]; its last tap meets the token itself. */
export type CausalConv<T> = { readonly weight: T };

/** Initial parameters. */
export function causalConvSpec(channels: number, kernel: number): CausalConv<ParameterSpec> {
  return { weight: parameter([channels, 1, kernel], normal(1 / Math.sqrt(kernel))) };
}

/** Σⱼ weight[kernel − 1 − j] · x[t − j], for x [B, T, channels]; `before` [B, kernel − 1, channels] precedes it, null for zeros. */
export function causalConv({ weight }: CausalConv<Value>, x: Value, before: Value | null): Value {
  const { T } = dims(x, 'B T C');
  const { C, kernel } = { C: Number(weight.shape[0]), kernel: Number(weight.shape[2]) };
  const taps = transpose(reshape(weight, [C, kernel]), [1, 0]);
  const long = before === null ? pad(x, 1, kernel - 1, 0) : concat([before, x], 1);
  let sum: Value | null = null;
  for (let j = 0; j < kernel; j++) {
    const part = mul(slice(long, 1, j, j + T), reshape(slice(taps, 0, j, j + 1), [C]));
    sum = sum === null ? part : add(sum, part);
  }
  return sum!;
}
