/**
 * @file AdamW on one flat vector, traced: clipping by the global norm, decoupled weight decay, bias correction through
 * scalar inputs, and an exponential moving average of the weights.
 *
 * Differs from Loshchilov and Hutter 2019 (algorithm 2) only in where the bias correction is applied: to the step size
 * and to epsilon, which gives the same numbers as PyTorch's AdamW.
 */

import { VlaError } from '../base/errors.ts';
import { add, constant, div, minimum, mul, reduceSumSquare, sqrt, sub, where, type Value } from '../engine/index.ts';

/** The optimiser of a run. */
export interface OptimiserConfig {
  /** Decay of the averages of the gradient and of its square. */
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled weight decay of matrices (parameters with two axes or more); vectors are not decayed. */
  readonly weightDecay: number;
  /** The gradient's global norm is cut to this; null switches clipping off. */
  readonly clipNorm: number | null;
  /** Decay of the moving average of the weights that checkpoints hold; null keeps the weights themselves. */
  readonly emaDecay: number | null;
}

/** Scalar inputs of one update, f32 []. */
export interface UpdateScalars {
  /** learningRate · sqrt(1 − β₂ᵗ) / (1 − β₁ᵗ). */
  readonly stepSize: Value;
  /** epsilon · sqrt(1 − β₂ᵗ). */
  readonly epsilon: Value;
  /** learningRate · weightDecay. */
  readonly decay: Value;
}

/** The scalars of step `step` (from 0) at learning rate `learningRate`. */
export function updateScalars(
  config: OptimiserConfig,
  learningRate: number,
  step: number,
): Readonly<Record<keyof UpdateScalars, number>> {
  const [beta1, beta2] = config.betas;
  const correction = Math.sqrt(1 - beta2 ** (step + 1));
  return {
    stepSize: (learningRate * correction) / (1 - beta1 ** (step + 1)),
    epsilon: config.epsilon * correction,
    decay: learningRate * config.weightDecay,
  };
}

/**
 * One AdamW update of the vector `weights` [N]. `decayed` (bool [N]) says where weight decay applies. Returns the new weights
 * and averages, and the norm of the gradient before clipping.
 */
export function adamw(
  config: OptimiserConfig,
  vectors: { readonly weights: Value; readonly gradient: Value; readonly m: Value; readonly v: Value },
  decayed: Value,
  scalars: UpdateScalars,
): { readonly weights: Value; readonly m: Value; readonly v: Value; readonly norm: Value } {
  const { weights, gradient, m, v } = vectors;
  const [beta1, beta2] = config.betas;
  const norm = sqrt(reduceSumSquare(gradient));
  // Clipping is folded into the scalars, which saves a pass over the vector.
  const clip =
    config.clipNorm === null ? constant(1) : minimum(div(constant(config.clipNorm), add(norm, constant(1e-6))), 1);
  const nextM = add(mul(m, beta1), mul(gradient, mul(clip, 1 - beta1)));
  const nextV = add(mul(v, beta2), mul(mul(gradient, mul(mul(clip, clip), 1 - beta2)), gradient));
  const update = div(mul(nextM, scalars.stepSize), add(sqrt(nextV), scalars.epsilon));
  const kept = config.weightDecay === 0 ? weights : mul(weights, where(decayed, sub(1, scalars.decay), constant(1)));
  return { weights: sub(kept, update), m: nextM, v: nextV, norm };
}

/** The moving average after an update: average + (weights − average) · rate. */
export function movedAverage(average: Value, weights: Value, rate: Value): Value {
  return add(average, mul(sub(weights, average), rate));
}

/** Throws `bad-argument` for an optimiser that cannot work. */
export function checkOptimiser(config: OptimiserConfig): void {
  const check = (name: string, value: number | null, good: boolean, range: string): void => {
    if (good) return;
    throw new VlaError('bad-argument', `optimiser.${name}: expected ${range}, got ${value}.`, {
      hint: `Correct it in the recipe, or with --set optimiser.${name}=…`,
    });
  };
  config.betas.forEach((beta, i) => check(`betas.${i}`, beta, beta >= 0 && beta < 1, 'a number in [0, 1)'));
  check('epsilon', config.epsilon, config.epsilon > 0, 'a positive number');
  check('weightDecay', config.weightDecay, config.weightDecay >= 0, 'a number of at least 0');
  check('clipNorm', config.clipNorm, config.clipNorm === null || config.clipNorm > 0, 'a positive number or null');
  const { emaDecay } = config;
  check('emaDecay', emaDecay, emaDecay === null || (emaDecay >= 0 && emaDecay < 1), 'a number in [0, 1) or null');
}
