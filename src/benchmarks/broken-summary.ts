/** @file Broken episodes in few words: how many, under which conditions, in which tasks, and why. */

import type { BrokenEpisode } from './result.ts';

/** Counts, the largest first. */
export type Counts = readonly (readonly [word: string, count: number])[];

/** What became of broken episodes, summed up. */
export interface BrokenSummary {
  readonly conditions: Counts;
  readonly tasks: Counts;
  /** Without the place in the episode, so that the same trouble is one reason. */
  readonly reasons: Counts;
}

/** Sums them up. */
export function summariseBroken(broken: readonly BrokenEpisode[]): BrokenSummary {
  return {
    conditions: counted(broken.map(({ condition }) => condition)),
    tasks: counted(broken.map(({ task }) => task)),
    reasons: counted(broken.map(reasonOf)),
  };
}

/** Why, without policy, task, seed and tick. */
export function reasonOf({ reason, task, seed }: BrokenEpisode): string {
  const place = ` in ${task}, seed ${seed}, tick `;
  const at = reason.indexOf(place);
  return at < 0 ? reason : reason.slice(at + place.length).replace(/^\d+: /, '');
}

function counted(words: readonly string[]): Counts {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
