/** @file The items of a series: which of them two runs share, and their sums. */

import type { SeedScores } from '../../benchmarks/seed-intervals.ts';
import type { Score } from './measurement.ts';

/** Per stratum the sum of the scores, and how many there are. */
export type ScoreSums = Readonly<Record<string, readonly [sum: number, of: number]>>;

/** Both with the items alone that are in both, in the order of the first. Where all are, nothing changes. */
export function inCommon(a: SeedScores, b: SeedScores): [SeedScores, SeedScores] {
  const [ofA, ofB] = [placesOf(a), placesOf(b)];
  const shared = [...ofA.keys()].filter((name) => ofB.has(name));
  return [
    chosen(
      a,
      shared.map((name) => ofA.get(name)!),
    ),
    chosen(
      b,
      shared.map((name) => ofB.get(name)!),
    ),
  ];
}

function placesOf({ strata, keys }: SeedScores): Map<string, number> {
  return new Map(keys.map((key, i) => [`${strata[i]!} ${key}`, i]));
}

function chosen({ seeds, strata, keys, values }: SeedScores, places: readonly number[]): SeedScores {
  const pick = <T>(list: readonly T[]): T[] => places.map((place) => list[place]!);
  return { seeds, strata: pick(strata), keys: pick(keys), values: values.map(pick) };
}

/** The sums of a series. */
export function sums(scores: readonly Score[]): ScoreSums {
  const counts: Record<string, [number, number]> = {};
  for (const { stratum, value } of scores) {
    const [sum, of] = counts[stratum] ?? [0, 0];
    counts[stratum] = [sum + value, of + 1];
  }
  return counts;
}
