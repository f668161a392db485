/** @file The difference of two success rates that were measured in the same episodes, with its interval. */

import { wilsonInterval } from './statistics.ts';

/** Pairs of episodes by what became of them. */
export interface PairCounts {
  readonly both: number;
  /** Success before, none after. */
  readonly lost: number;
  readonly gained: number;
  readonly neither: number;
}

/** After − before, shares, with its 95 % interval. */
export interface PairedDifference {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The score interval of a difference of paired proportions (Newcombe 1998, Statistics in Medicine 17: 2635–2650, method 10): Wilson's intervals of the two
 * rates, squared and added, less what they have in common by the correlation of the pairs. No pairs: NaN, [−1, 1].
 */
export function pairedDifference({ both, lost, gained, neither }: PairCounts): PairedDifference {
  const n = both + lost + gained + neither;
  if (n === 0) return { difference: NaN, low: -1, high: 1 };
  const after = wilsonInterval(both + gained, n);
  const before = wilsonInterval(both + lost, n);
  const difference = after.rate - before.rate;
  const phi = correlation({ both, lost, gained, neither });
  const below = spread(after.rate - after.low, before.high - before.rate, phi);
  const above = spread(after.high - after.rate, before.rate - before.low, phi);
  return { difference, low: Math.max(-1, difference - below), high: Math.min(1, difference + above) };
}

function spread(a: number, b: number, phi: number): number {
  return Math.sqrt(Math.max(0, a * a - 2 * phi * a * b + b * b));
}

/** Of the pairs' outcomes, with the correction for continuity where it is positive; 0 where one outcome never occurs. */
function correlation({ both, lost, gained, neither }: PairCounts): number {
  const n = both + lost + gained + neither;
  const product = (both + lost) * (gained + neither) * (both + gained) * (lost + neither);
  if (product === 0) return 0;
  const covariance = both * neither - lost * gained;
  return (covariance > 0 ? Math.max(0, covariance - n / 2) : covariance) / Math.sqrt(product);
}
