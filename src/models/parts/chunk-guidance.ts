/**
 * @file Real-time chunking (Black et al. 2025): sampling is pulled towards the chunk that is being executed, most where its actions are
 * certain to be executed, and less the later they are. No training is needed.
 *
 * With τ = 1 − n, x̂ = x − n v the actions that the flow is heading for, Y the running chunk and W its weights:
 *
 *     e = W (Y − x̂)      g = (∂x̂/∂x)ᵀ e      w = min(β, (τ² + n²) / (n τ))      x ← x − δ (v − w g)
 *
 * `guided` differentiates the network (one vector-Jacobian product a step, in the graph of the inference). `guided-forward` takes the
 * Jacobian for the identity, g = e, as LeRobot's port does: no backward pass.
 *
 * Axes: B batch, H horizon, A action dimensions.
 */

import { constant, dims, gradient, mul, reduceSum, stopGradient, sub, type Value } from '../../engine/index.ts';
import { fixedTime, type ActionFlow } from './flow-matching.ts';

/** How weights fall from the last certain action to the last one of the running chunk; the paper's is exponential. */
export type GuideSchedule = 'linear' | 'exponential';

const SCHEDULES: Readonly<Record<GuideSchedule, (c: number) => number>> = {
  linear: (c) => c,
  exponential: (c) => (c * Math.expm1(c)) / (Math.E - 1),
};

/**
 * W [horizon]: 1 for the first `committed` actions; from there to `count` (of the running chunk's that guide) by the schedule, with
 * c = (count − i) / (count − committed + 1); 0 behind.
 */
export function guideWeights(committed: number, count: number, horizon: number, schedule: GuideSchedule): Float32Array {
  return Float32Array.from({ length: horizon }, (_, i) => {
    if (i >= count) return 0;
    return i < committed ? 1 : SCHEDULES[schedule]((count - i) / (count - committed + 1));
  });
}

/** w: how much the pull weighs at noise fraction n, at most `maxWeight` (β). */
export function guidanceWeight(n: number, maxWeight: number): number {
  const tau = 1 - n;
  return tau === 0 ? maxWeight : Math.min(maxWeight, (tau * tau + n * n) / (n * tau));
}

/** What sampling is pulled towards. */
export interface Guide {
  /** Y [B, H, A], normalised; finite also where the weights are 0. */
  readonly actions: Value;
  /** W [B, H, A]: 0 where an action is padding or nothing is known of it. */
  readonly weights: Value;
}

/** How it is pulled. */
export interface GuidanceOptions {
  readonly kind: 'guided' | 'guided-forward';
  /** β. */
  readonly maxWeight: number;
  /** Euler steps. */
  readonly steps: number;
}

/** Actions [B, H, A] from noise. With weights or β of 0 they are those of Euler's steps. Runs inside a trace. */
export function guidedSample(flow: ActionFlow, noise: Value, guide: Guide, options: GuidanceOptions): Value {
  const { steps, maxWeight, kind } = options;
  const { B } = dims(noise, 'B H A');
  let x = flow.start(noise);
  for (let k = 0; k < steps; k++) {
    const n = 1 - k / steps;
    const velocity = flow.velocity(x, fixedTime(n, B));
    const clean = sub(x, mul(velocity, constant(n)));
    const error = stopGradient(mul(sub(guide.actions, clean), guide.weights));
    const pull = kind === 'guided' ? gradient(reduceSum(mul(clean, error)), [x])[0]! : error;
    const guided = sub(velocity, mul(pull, constant(guidanceWeight(n, maxWeight))));
    x = sub(x, mul(guided, constant(1 / steps)));
  }
  return x;
}
