/**
 * @file The error of a velocity in the frequencies of time, which Xiaomi-Robotics-0's post-training may add to its loss: the
 * magnitude of the real Fourier transform, written as matrix products.
 *
 * Axes: N draws, H horizon, A action dimensions, F = ⌊H / 2⌋ + 1 frequencies, P lengths that a given prefix may have.
 */

import { f32 } from '../../base/tensor.ts';
import {
  abs,
  add,
  clamp,
  constant,
  dims,
  div,
  matmul,
  maximum,
  mul,
  reduceSum,
  reshape,
  sqrt,
  sub,
  type Value,
} from '../../engine/index.ts';

/** A prefix of given actions, which is cut off before the transform: f32 [N], whole numbers from 0 to `longest`. */
export interface CutPrefix {
  readonly length: Value;
  readonly longest: number;
}

const frequencies = (length: number): number => Math.floor(length / 2) + 1;

/**
 * The mean of |rFFT(difference)| along time, over draws, frequencies and action dimensions (padded ones too); `difference`
 * [N, H, A]. Each draw counts with its weight, `perDraw` [N, 1]; null for 1.
 */
export function frequencyError(difference: Value, prefix: CutPrefix | null, perDraw: Value | null): Value {
  const { N, H, A } = dims(difference, 'N H A');
  const lengths = Array.from({ length: (prefix?.longest ?? 0) + 1 }, (_, cut) => H - cut);
  const F = frequencies(H);
  const choose = chooser(prefix, N);
  const transform = (wave: (angle: number) => number): Value => {
    const rows = lengths.map((length) => fourierMatrix(length, H, wave));
    return matmul(reshape(choose(rows), [N, F, H]), difference);
  };
  const [real, imaginary] = [transform(Math.cos), transform(Math.sin)];
  // Far below every size that matters: a magnitude of 0 has the gradient 0.
  const magnitude = sqrt(maximum(add(mul(real, real), mul(imaginary, imaginary)), constant(1e-20)));
  const sums = reduceSum(magnitude, [1, 2], { keepDims: false });
  const weighed = perDraw === null ? sums : mul(sums, reshape(perDraw, [N]));
  const counts = choose(lengths.map((length) => [A * frequencies(length)]));
  return div(reduceSum(weighed), reduceSum(counts));
}

/** Rows by prefix length → the row of each draw, [N, row]. */
function chooser(prefix: CutPrefix | null, N: number): (rows: readonly (readonly number[])[]) => Value {
  return (rows) => {
    const width = rows[0]!.length;
    if (prefix === null) return constant(f32(Array.from({ length: N }, () => rows[0]!).flat(), [N, width]));
    const cuts = constant(f32(rows.map((_, cut) => cut)));
    const chosen = clamp(sub(constant(1), abs(sub(reshape(prefix.length, [N, 1]), cuts))), 0, 1);
    return matmul(chosen, constant(f32(rows.flat(), [rows.length, width])));
  };
}

/** wave(2π f t / length) for the last `length` of H instants, [F, H]; 0 for the others, and for frequencies beyond length / 2. */
function fourierMatrix(length: number, H: number, wave: (angle: number) => number): number[] {
  return Array.from({ length: frequencies(H) * H }, (_, i) => {
    const [frequency, t] = [Math.floor(i / H), (i % H) - (H - length)];
    return t < 0 || frequency >= frequencies(length) ? 0 : wave((2 * Math.PI * ((frequency * t) % length)) / length);
  });
}
