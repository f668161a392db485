/** @file Sinusoids of a number: the usual features of a diffusion or flow time. */

import { add, concat, constant, cos, floor, mul, reshape, silu, sin, sub, type Value } from '../engine/index.ts';
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

/** Periods of a geometric sequence, in units of the number. */
export interface PeriodOptions {
  /** Even. */
  readonly width: number;
  readonly shortest: number;
  readonly longest: number;
}

/**
 * x [...] in [0, 1] → [..., width]: the sines, then the cosines, of 2π x / period, from the shortest period to the longest
 * (π0, DM0). Single precision keeps too few digits of hundreds of turns; so the large parts of x and of the frequency are
 * multiplied by themselves, without rounding, and whole turns dropped.
 */
export function periodicSinusoid(x: Value, { width, shortest, longest }: PeriodOptions): Value {
  const half = width / 2;
  const frequencies = Array.from(
    { length: half },
    (_, i) => 1 / (shortest * (longest / shortest) ** (i / Math.max(1, half - 1))),
  );
  // 11 bits of x and 12 of the frequency: their product has 23.
  const unit = 2 ** (Math.ceil(Math.log2(1 / shortest)) - 12);
  const coarse = frequencies.map((frequency) => Math.round(frequency / unit) * unit);
  const column = reshape(x, [...x.shape, 1]);
  const large = mul(floor(mul(column, constant(2048))), constant(1 / 2048));
  const turns = mul(large, constant(coarse));
  const rest = add(
    mul(large, constant(frequencies.map((frequency, i) => frequency - coarse[i]!))),
    mul(sub(column, large), constant(frequencies)),
  );
  const angles = mul(add(sub(turns, floor(turns)), rest), constant(2 * Math.PI));
  return concat([sin(angles), cos(angles)], -1);
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
