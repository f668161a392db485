/** @file The statistics of an evaluation: Wilson intervals of success rates, percentiles, means. */

import { VlaError } from '../base/errors.ts';

/** The standard normal quantile of a two-sided 95 % interval. */
export const Z_95 = 1.959963984540054;

/** A rate with the interval that holds it. */
export interface RateInterval {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The Wilson score interval of a binomial proportion (Wilson 1927; method 3 of Newcombe 1998, without continuity
 * correction): all p with |successes / trials − p| ≤ z √(p (1 − p) / trials). No trials: rate NaN, interval [0, 1].
 */
export function wilsonInterval(successes: number, trials: number, z: number = Z_95): RateInterval {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || successes < 0 || successes > trials) {
    throw new VlaError(
      'bad-argument',
      `wilsonInterval: expected integers 0 ≤ successes ≤ trials, got ${successes} of ${trials}.`,
      { hint: 'Count whole episodes, and no more successes than episodes.' },
    );
  }
  if (trials === 0) return { rate: NaN, low: 0, high: 1 };
  const rate = successes / trials;
  const z2 = z * z;
  const centre = (rate + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (z / (1 + z2 / trials)) * Math.sqrt((rate * (1 - rate)) / trials + z2 / (4 * trials * trials));
  // The exact ends at 0 and n are 0 and 1; rounding would leave ±1e-17.
  return {
    rate,
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

/** The `share` (0 to 1) quantile of `values`, interpolated linearly between order statistics; NaN when empty. */
export function percentile(values: ArrayLike<number>, share: number): number {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below]! + (sorted[above]! - sorted[below]!) * (at - below);
}

/** The arithmetic mean; NaN when empty. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
