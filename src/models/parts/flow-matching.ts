/**
 * @file Flow matching (Lipman et al. 2023) in the one convention of this code: the noise fraction n is 1 for pure noise and 0
 * for the action; x(n) = n ε + (1 − n) a, v = dx/dn = ε − a, sampling walks n from 1 to 0.
 *
 * Axes: B batch, K draws of noise and time that share a sample, H horizon, A action dimensions.
 */

import { VlaError } from '../../base/errors.ts';
import type { Random } from '../../base/random.ts';
import { zeros, type Tensor } from '../../base/tensor.ts';
import { add, constant, div, maximum, mul, reduceSum, reduceSumSquare, sub, type Value } from '../../engine/index.ts';

/** Training draws n = b / s with b ~ Beta(alpha, beta), as π0 and ZR-0 do: more often near pure noise. */
export interface TimeLaw {
  readonly alpha: number;
  readonly beta: number;
  readonly s: number;
}

/**
 * `count` noise fractions. With beta = 1 they are stratified (one in each of `count` equally likely parts, in random order):
 * each follows the law, and together they spread, which makes the gradient less noisy.
 */
export function drawNoiseFractions({ alpha, beta, s }: TimeLaw, count: number, random: Random): number[] {
  if (beta !== 1) return Array.from({ length: count }, () => random.beta(alpha, beta) / s);
  const parts = random.shuffle(Array.from({ length: count }, (_, i) => i));
  return parts.map((part) => ((part + random.uniform()) / count) ** (1 / alpha) / s);
}

/** What one batch of training draws. */
export interface FlowDraw {
  /** f32 [B, K, H, A]. */
  readonly noise: Tensor<'f32'>;
  /** f32 [B, K]. */
  readonly noiseFraction: Tensor<'f32'>;
}

/** Noise and times of a training batch; sample b draws from `randoms[b]`. */
export function drawFlow(
  law: TimeLaw,
  { draws, horizon, actionDim }: { readonly draws: number; readonly horizon: number; readonly actionDim: number },
  randoms: readonly Random[],
): FlowDraw {
  const noise = zeros('f32', [randoms.length, draws, horizon, actionDim]);
  const noiseFraction = zeros('f32', [randoms.length, draws]);
  const size = draws * horizon * actionDim;
  for (const [b, random] of randoms.entries()) {
    noiseFraction.data.set(drawNoiseFractions(law, draws, random), b * draws);
    for (let i = 0; i < size; i++) noise.data[b * size + i] = random.normal();
  }
  return { noise, noiseFraction };
}

/** n ε + (1 − n) a, with n of a shape that broadcasts to the others. */
export function mixNoise(actions: Value, noise: Value, noiseFraction: Value): Value {
  return add(actions, mul(noiseFraction, sub(noise, actions)));
}

/** Σ mask (prediction − target)² / max(Σ mask, 1): entries where the mask is 0 do not count. */
export function maskedMeanSquare(prediction: Value, target: Value, mask: Value): Value {
  const difference = mul(sub(prediction, target), mask);
  return div(reduceSumSquare(difference), maximum(reduceSum(mask), constant(1)));
}

/** Walks from noise to actions in `steps` equal Euler steps: x ← x − v / steps. */
export function eulerSample(
  noise: Value,
  steps: number,
  velocity: (x: Value, noiseFraction: number, step: number) => Value,
): Value {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new VlaError('bad-argument', `Euler sampling: expected 1 or more steps, got ${steps}.`);
  }
  let x = noise;
  for (let k = 0; k < steps; k++) {
    x = sub(x, mul(velocity(x, 1 - k / steps, k), constant(1 / steps)));
  }
  return x;
}
