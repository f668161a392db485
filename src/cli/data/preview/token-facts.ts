/** @file How long texts are in tokens, against the room that the model has for them. */

import { sortedQuantile } from '../../../data/statistics.ts';

/** Lengths of texts. */
export interface TokenFacts {
  readonly texts: number;
  readonly median: number;
  readonly longest: number;
  /** The longest text itself; null where it was not kept. */
  readonly longestText: string | null;
  readonly room: number;
  /** Texts that are too long, or hold what they must not. */
  readonly unfit: number;
}

/** Summarises the lengths of texts. */
export function tokenFacts(
  lengths: readonly number[],
  longestText: string | null,
  room: number,
  unfit: number = lengths.filter((length) => length > room).length,
): TokenFacts {
  const sorted = Float64Array.from(lengths).sort();
  return {
    texts: lengths.length,
    median: sorted.length === 0 ? 0 : sortedQuantile(sorted, 0.5),
    longest: sorted.at(-1) ?? 0,
    longestText,
    room,
    unfit,
  };
}

/** Evenly spread whole numbers below `count`, at most `most`. */
export function spreadOver(count: number, most: number): number[] {
  const taken = Math.min(count, most);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}
