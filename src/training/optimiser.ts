/**
 * @file AdamW on one flat vector, traced: clipping by the global norm, decoupled weight decay, bias correction through
 * scalar inputs, and an exponential moving average of the weights.
 *
 * Differs from Loshchilov and Hutter 2019 (algorithm 2) only in where the bias correction is applied: to the step size
 * and to epsilon, which gives the same numbers as PyTorch's AdamW.
 */

import { VlaError } from '../base/errors.ts';
import {
  add,
  constant,
  div,
  less,
  minimum,
  mul,
  reduceSumSquare,
  sqrt,
  sub,
  where,
  type Operand,
  type Value,
} from '../engine/index.ts';

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

/** Norms below this are finite in f32. */
const FINITE = 3e38;

/** What an update gives. */
export interface Updated {
  readonly weights: Value;
  readonly m: Value;
  readonly v: Value;
  /** The norm of the gradient before clipping, of its own size. */
  readonly norm: Value;
  /** bool []: whether the gradient is finite, so that the step is taken; null where that is not asked. */
  readonly taken: Value | null;
}

/**
 * One AdamW update of the vector `weights` [N]. `decayed` (bool [N]) says where weight decay applies. With a `scale` (f32 []) the gradient
 * is that of a loss multiplied by it, and an update whose gradient is not finite changes nothing.
 */
export function adamw(
  config: OptimiserConfig,
  vectors: { readonly weights: Value; readonly gradient: Value; readonly m: Value; readonly v: Value },
  decayed: Value,
  scalars: UpdateScalars,
  scale: Value | null = null,
): Updated {
  const { weights, m, v } = vectors;
  const [beta1, beta2] = config.betas;
  const size = sqrt(reduceSumSquare(vectors.gradient));
  const norm = scale === null ? size : div(size, scale);
  const taken = scale === null ? null : less(size, constant(FINITE));
  /** What counts in a step that is taken, and else. Zero times what is no number is none: so gradients are chosen, not multiplied. */
  const orElse = <T extends Operand>(now: T, otherwise: number): T | Value =>
    taken === null ? now : where(taken, now, constant(otherwise));
  const gradient = orElse(vectors.gradient, 0);
  // Clipping is folded into the scalars, which saves a pass over the vector; so is the scale.
  const clip =
    config.clipNorm === null ? constant(1) : minimum(div(constant(config.clipNorm), add(norm, constant(1e-6))), 1);
  const share = scale === null ? clip : orElse(div(clip, scale), 0);
  const nextM = add(mul(m, orElse(beta1, 1)), mul(gradient, mul(share, 1 - beta1)));
  const nextV = add(mul(v, orElse(beta2, 1)), mul(mul(gradient, mul(mul(share, share), 1 - beta2)), gradient));
  const update = div(mul(nextM, orElse(scalars.stepSize, 0)), add(sqrt(nextV), scalars.epsilon));
  const decay = orElse(scalars.decay, 0);
  const kept = config.weightDecay === 0 ? weights : mul(weights, where(decayed, sub(1, decay), constant(1)));
  return { weights: sub(kept, update), m: nextM, v: nextV, norm, taken };
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
