/** @file Sinusoids of a number: the usual features of a diffusion or flow time. */

import { concat, constant, cos, mul, reshape, silu, sin, type Value } from '../engine/index.ts';
import { linear, linearSpec, type Linear } from './linear.ts';
import type { ParameterSpec } from './parameters.ts';

/** The layout of the features; implementations differ in it. */
export interface SinusoidOptions {
  readonly width: number;
  /** Which half comes first. */
  readonly first: 'sin' | 'cos';
  /** Frequency i is 10000^(−i / (width/2 − shift)): shift 1 reaches 1/10000, shift 0 stays just above. */
  readonly shift: 0 | 1;
}

/** x [...] → [..., width]. */
export function sinusoid(x: Value, { width, first, shift }: SinusoidOptions): Value {
  const half = width / 2;
  const frequencies = Array.from({ length: half }, (_, i) => 10000 ** (-i / (half - shift)));
  const angles = mul(reshape(x, [...x.shape, 1]), constant(frequencies));
  const halves = [sin(angles), cos(angles)];
  return concat(first === 'sin' ? halves : halves.reverse(), -1);
}

/** Two affine maps with diffusers' names. */
export type TimeEmbedding<T> = { readonly linear_1: Linear<T>; readonly linear_2: Linear<T> };

/** Initial parameters. */
export function timeEmbeddingSpec(input: number, width: number): TimeEmbedding<ParameterSpec> {
  return {
    linear_1: linearSpec(input, width, { bias: true }),
    linear_2: linearSpec(width, width, { bias: true }),
  };
}

/** linear_2(silu(linear_1(features))). */
export function timeEmbedding(p: TimeEmbedding<Value>, features: Value): Value {
  return linear(p.linear_2, silu(linear(p.linear_1, features)));
}
