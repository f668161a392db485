/** @file Exact statistics per dimension: extremes, moments and quantiles (numpy's default, linear between neighbours). */

import { VlaError } from '../base/errors.ts';
import type { FeatureStatistics } from '../interfaces/episode.ts';

/** The quantiles that LeRobot and normalisation use. */
export const QUANTILES = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const;
export type QuantileName = keyof typeof QUANTILES;
export const QUANTILE_NAMES = Object.keys(QUANTILES) as readonly QuantileName[];

/** The quantile `q` of ascending numbers, linear between the two nearest ranks. */
export function sortedQuantile(sorted: ArrayLike<number>, q: number): number {
  const position = q * (sorted.length - 1);
  const low = Math.floor(position);
  const value = sorted[low]!;
  const rest = position - low;
  return rest === 0 ? value + 0 : value + (sorted[low + 1]! - value) * rest;
}

/**
 * Statistics of rows spread over several arrays, each row-major [rows, dim]; every number finite. Moments are summed in
 * double precision around the first row, so a large offset does not eat the digits of the deviation.
 */
export function exactStatistics(parts: readonly ArrayLike<number>[], dim: number, where: string): FeatureStatistics {
  const count = parts.reduce((sum, part) => sum + part.length / dim, 0);
  if (count === 0) {
    throw new VlaError('bad-data', `${where}: expected at least one frame, got none.`, {
      hint: 'Choose episodes that have frames.',
    });
  }
  const out = { min: [], max: [], mean: [], std: [], q01: [], q10: [], q50: [], q90: [], q99: [] } as Record<
    'min' | 'max' | 'mean' | 'std' | QuantileName,
    number[]
  >;
  const values = new Float64Array(count);
  for (let d = 0; d < dim; d++) {
    let at = 0;
    let sum = 0;
    let squares = 0;
    const origin = parts.find((part) => part.length > 0)![d]!;
    for (const part of parts) {
      for (let i = d; i < part.length; i += dim) {
        const value = part[i]!;
        values[at++] = value;
        sum += value - origin;
        squares += (value - origin) ** 2;
      }
    }
    values.sort();
    // Adding zero turns a negative zero, which JSON cannot hold, into a plain one.
    out.min.push(values[0]! + 0);
    out.max.push(values[count - 1]! + 0);
    out.mean.push(origin + sum / count);
    out.std.push(Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2)));
    for (const name of QUANTILE_NAMES) out[name].push(sortedQuantile(values, QUANTILES[name]));
  }
  return { ...out, count };
}

/** Statistics of one channel from a histogram of its 256 byte values, scaled to [0, 1]; exact, too. */
export function byteStatistics(histogram: ArrayLike<number>): Omit<FeatureStatistics, 'count'> {
  let count = 0;
  let sum = 0;
  let squares = 0;
  let low = 255;
  let high = 0;
  for (let v = 0; v < 256; v++) {
    const n = histogram[v]!;
    if (n === 0) continue;
    count += n;
    sum += n * v;
    squares += n * v * v;
    low = Math.min(low, v);
    high = v;
  }
  const rank = (index: number): number => {
    let seen = 0;
    for (let v = 0; v < 256; v++) if ((seen += histogram[v]!) > index) return v;
    return high;
  };
  const quantile = (q: number): number[] => {
    const position = q * (count - 1);
    const below = Math.floor(position);
    const value = rank(below);
    return [(value + (rank(Math.min(count - 1, below + 1)) - value) * (position - below)) / 255];
  };
  const mean = sum / count;
  return {
    min: [low / 255],
    max: [high / 255],
    mean: [mean / 255],
    std: [Math.sqrt(Math.max(0, squares / count - mean * mean)) / 255],
    q01: quantile(QUANTILES.q01),
    q10: quantile(QUANTILES.q10),
    q50: quantile(QUANTILES.q50),
    q90: quantile(QUANTILES.q90),
    q99: quantile(QUANTILES.q99),
  };
}
