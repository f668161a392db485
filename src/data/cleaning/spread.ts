/** @file How far the numbers of a vector spread over a dataset, so that few wrong ones change nothing: the 5 % and 95 % quantiles. */

import { sortedQuantile } from '../statistics.ts';

/** Robust figures per dimension. */
export interface Spread {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** high − low, at least `FLOOR`. */
  readonly range: readonly number[];
  /** The 95 % quantile of the change from one frame to the next, at least `FLOOR` of the range. */
  readonly step: readonly number[];
}

/** A dimension that moves less than this over a whole dataset (metres, radians) counts as moving this much: noise is no motion. */
const FLOOR = 0.01;
/** More rows change the quantiles by nothing that matters. */
const MAX_ROWS = 200_000;

/** The spread of episodes' columns, each row-major [length, size]. */
export function measureSpread(columns: readonly Float32Array[], size: number): Spread {
  const rows = columns.reduce((sum, column) => sum + column.length / size, 0);
  const every = Math.max(1, Math.ceil(rows / MAX_ROWS));
  const low: number[] = [];
  const high: number[] = [];
  const range: number[] = [];
  const step: number[] = [];
  for (let d = 0; d < size; d++) {
    const values: number[] = [];
    const changes: number[] = [];
    for (const column of columns) {
      for (let i = d; i < column.length; i += size * every) {
        values.push(column[i]!);
        if (i + size < column.length) changes.push(Math.abs(column[i + size]! - column[i]!));
      }
    }
    const sorted = Float64Array.from(values).sort();
    const sortedChanges = Float64Array.from(changes).sort();
    low.push(sorted.length === 0 ? 0 : sortedQuantile(sorted, 0.05));
    high.push(sorted.length === 0 ? 0 : sortedQuantile(sorted, 0.95));
    range.push(Math.max(FLOOR, high[d]! - low[d]!));
    step.push(Math.max(FLOOR * range[d]!, sortedChanges.length === 0 ? 0 : sortedQuantile(sortedChanges, 0.95)));
  }
  return { low, high, range, step };
}

/**
 * How far any dimension moves between the frames [start, end), as a share of its range over the dataset, and which
 * dimension that is.
 */
export function largestMotion(
  column: Float32Array,
  size: number,
  range: readonly number[],
  [start, end]: readonly [number, number],
): { readonly share: number; readonly dimension: number } {
  let share = 0;
  let dimension = 0;
  for (let d = 0; d < size; d++) {
    let [least, most] = [Infinity, -Infinity];
    for (let i = start * size + d; i < end * size; i += size) {
      const value = column[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const moved = (most - least) / range[d]!;
    if (moved > share) [share, dimension] = [moved, d];
  }
  return { share, dimension };
}
