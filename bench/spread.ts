/** @file How benchmarks write a list of measurements: the median and how far apart the middle half lies. */

import { percentile } from '../src/benchmarks/statistics.ts';

/** "12.3 (quartiles 12.1 to 12.9)", the median first. */
export function spread(values: readonly number[], digits: number): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => percentile(values, share).toFixed(digits));
  return `${middle} (quartiles ${low} to ${high})`;
}
