/** @file What each setting of a sweep gains over another, in the same checkpoints and episodes: far narrower than two rates beside each other. */

import type { Sweep } from '../../../recipes/studies/study.ts';
import { differenceInterval, type DifferenceInterval, type SeedScores } from '../../benchmarks/seed-intervals.ts';
import { mean } from '../../benchmarks/statistics.ts';
import { sweptName } from './plan.ts';

/** One value of one axis minus its reference, each averaged over the other axis. */
export interface SweepDifference extends DifferenceInterval {
  readonly axis: 'eulerSteps' | 'execute';
  readonly value: number;
  /** The most Euler steps, or the fewest executed actions. */
  readonly against: number;
}

/** The differences of one measurement and series of one arm; `find` gives the scores of a swept name, where there are any. */
export function sweepDifferences(
  { eulerSteps, execute }: Pick<Sweep, 'eulerSteps' | 'execute'>,
  measurement: string,
  find: (swept: string) => SeedScores | undefined,
): SweepDifference[] {
  const pooled = (steps: readonly number[], counts: readonly number[]): SeedScores | null =>
    average(steps.flatMap((step) => counts.map((count) => find(sweptName(measurement, step, count)))));
  const along = (
    axis: SweepDifference['axis'],
    values: readonly number[],
    against: number,
    at: (value: number) => SeedScores | null,
  ): SweepDifference[] => {
    const reference = at(against);
    return values.flatMap((value) => {
      const scores = value === against ? null : at(value);
      if (scores === null || reference === null) return [];
      const found = differenceInterval(scores, reference);
      return found.paired ? [{ axis, value, against, ...found }] : [];
    });
  };
  return [
    ...along('eulerSteps', eulerSteps, Math.max(...eulerSteps), (value) => pooled([value], execute)),
    ...along('execute', execute, Math.min(...execute), (value) => pooled(eulerSteps, [value])),
  ];
}

/** The mean of each episode's scores; null where a cell is missing or has other seeds or episodes. */
function average(cells: readonly (SeedScores | undefined)[]): SeedScores | null {
  const [first, ...rest] = cells;
  if (first === undefined) return null;
  const same = rest.every(
    (cell) =>
      cell !== undefined && String(cell.seeds) === String(first.seeds) && String(cell.keys) === String(first.keys),
  );
  if (!same) return null;
  const values = first.values.map((row, s) => row.map((_, e) => mean(cells.map((cell) => cell!.values[s]![e]!))));
  return { ...first, values };
}
