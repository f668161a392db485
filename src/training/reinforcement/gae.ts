/** @file Generalised advantage estimation (Schulman et al. 2016, equation 16) over the chunks of one environment, and what follows from it. */

import { invariant } from '../../base/errors.ts';

/** How far rewards reach back. */
export interface GaeConfig {
  /** Per chunk. */
  readonly discount: number;
  readonly lambda: number;
}

/** One chunk of an environment's rollout. */
export interface GaeStep {
  readonly reward: number;
  /** The critic's value of the observation that the chunk follows from. */
  readonly value: number;
  /**
   * The critic's value of what came after the chunk: 0 where the episode is over for good (terminated); where it was cut off
   * (truncated, or the rollout ended), the value of the observation at which it was.
   */
  readonly nextValue: number;
  /** Whether the next entry belongs to another episode; the last entry of a rollout always does. */
  readonly ends: boolean;
}

/** For every step its advantage, and the target of its value: advantage + value. */
export function estimateAdvantages(
  steps: readonly GaeStep[],
  { discount, lambda }: GaeConfig,
): { readonly advantages: Float64Array; readonly targets: Float64Array } {
  const advantages = new Float64Array(steps.length);
  const targets = new Float64Array(steps.length);
  invariant(steps.at(-1)?.ends !== false, 'a rollout ends');
  let following = 0;
  for (let i = steps.length - 1; i >= 0; i--) {
    const { reward, value, nextValue, ends } = steps[i]!;
    if (ends) following = 0;
    following = reward + discount * nextValue - value + discount * lambda * following;
    advantages[i] = following;
    targets[i] = following + value;
  }
  return { advantages, targets };
}

/** Mean 0, standard deviation 1; equal ones become 0. */
export function normaliseAdvantages(advantages: Float64Array): Float64Array {
  const mean = advantages.reduce((sum, x) => sum + x, 0) / advantages.length;
  const variance = advantages.reduce((sum, x) => sum + (x - mean) ** 2, 0) / advantages.length;
  return advantages.map((x) => (x - mean) / (Math.sqrt(variance) + 1e-8));
}

/** 1 − Var(target − value) / Var(target): 1 for a perfect critic, 0 for one that knows the mean alone; 0 where targets are equal. */
export function explainedVariance(values: ArrayLike<number>, targets: ArrayLike<number>): number {
  const errors = Array.from(targets, (target, i) => target - values[i]!);
  const spread = variance(Array.from(targets));
  return spread < 1e-12 ? 0 : 1 - variance(errors) / spread;
}

function variance(xs: readonly number[]): number {
  const mean = xs.reduce((sum, x) => sum + x, 0) / xs.length;
  return xs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / xs.length;
}
