/**
 * @file The update of `optimiser.ts` on a range of the vectors, in plain loops: sums are in f64 and in a fixed order, what
 * is kept is f32.
 */

import type { OptimiserConfig } from './optimiser.ts';

/** Numbers of one update; see `UpdateScalars` and `movedAverage`. */
export interface UpdateNumbers {
  readonly stepSize: number;
  readonly epsilon: number;
  readonly decay: number;
  readonly averageRate: number;
}

/** Writes the mean of `gradients` over [from, to) into the first of them and returns the sum of its squares there. */
export function averageGradients(gradients: readonly Float32Array[], from: number, to: number): number {
  const [mean, ...others] = gradients as readonly [Float32Array, ...Float32Array[]];
  for (const other of others) for (let i = from; i < to; i++) mean[i] = mean[i]! + other[i]!;
  const share = 1 / gradients.length;
  let squares = 0;
  for (let i = from; i < to; i++) {
    mean[i] = mean[i]! * share;
    squares += mean[i]! * mean[i]!;
  }
  return squares;
}

/** AdamW and the moving average over [from, to), in place. `norm` is that of the whole gradient. */
export function updateRange(
  { betas: [beta1, beta2], clipNorm, weightDecay }: OptimiserConfig,
  { stepSize, epsilon, decay, averageRate }: UpdateNumbers,
  vectors: {
    readonly weights: Float32Array;
    readonly m: Float32Array;
    readonly v: Float32Array;
    readonly average: Float32Array | null;
    readonly gradient: Float32Array;
    readonly decayed: Uint8Array;
  },
  norm: number,
  from: number,
  to: number,
): void {
  const { weights, m, v, average, gradient, decayed } = vectors;
  const clip = clipNorm === null ? 1 : Math.min(clipNorm / (norm + 1e-6), 1);
  const keep = weightDecay === 0 ? 1 : 1 - decay;
  for (let i = from; i < to; i++) {
    const g = gradient[i]! * clip;
    const nextM = beta1 * m[i]! + (1 - beta1) * g;
    const nextV = beta2 * v[i]! + (1 - beta2) * g * g;
    m[i] = nextM;
    v[i] = nextV;
    const kept = decayed[i] === 1 ? weights[i]! * keep : weights[i]!;
    weights[i] = kept - (stepSize * nextM) / (Math.sqrt(nextV) + epsilon);
  }
  if (average === null) return;
  for (let i = from; i < to; i++) average[i] = average[i]! + (weights[i]! - average[i]!) * averageRate;
}
