/**
 * @file Intervals of success rates and of their differences over training seeds and evaluation episodes: a linear mixed
 * model with crossed random effects, estimated from mean squares.
 *
 * The score of the policy of seed s in episode e of task k is taken as
 *
 *     y[s, e] = μ + seed[s] + seedTask[s, k] + episode[e] + rest[s, e]
 *
 * with tasks fixed and all else random: other training seeds and other scenes would have been as good. With S seeds and E
 * episodes the mean of all scores has the variance var(seed) / S + var(seedTask) / (S · tasks) + var(episode) / E +
 * var(rest) / (S E), and (A + B − C) / (S E) estimates it without bias, where A is E times the variance of the seeds' means,
 * B is S times the variance of the episodes' means within tasks, and C is the mean square of what is left within tasks.
 * Satterthwaite's (1946) degrees of freedom of that sum give the t that the interval is made with.
 *
 * A difference of two arms is paired where both played the same episodes with the same seeds: then y is the difference of
 * their scores. With three seeds a bootstrap of seeds and episodes is too narrow by far (the test of this file says by how
 * much); this is not, and it repeats without random numbers.
 */

import { VlaError } from '../base/errors.ts';
import { mean, Z_95, type RateInterval } from './statistics.ts';
import { studentQuantile } from './student-t.ts';

/** 95 %, two-sided. */
const LEVEL = 0.95;

/** Scores of one arm: a row per training seed, a column per episode, the same episodes for every seed. */
export interface SeedScores {
  /** Names of the seeds, for pairing; [null] for a policy that has none. */
  readonly seeds: readonly (number | null)[];
  /** Per column its task. */
  readonly strata: readonly string[];
  /** Per column what names the episode within its task. */
  readonly keys: readonly string[];
  /** [seeds, columns], each from 0 to 1, but for `realMeanInterval` and `real` differences. */
  readonly values: readonly (readonly number[])[];
}

/** A mean with the variance of its estimate, and how well that variance is known. */
export interface MeanEstimate {
  readonly mean: number;
  readonly variance: number;
  readonly degrees: number;
}

/** A difference of means with its 95 % interval. */
export interface DifferenceInterval {
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** Whether episodes and seeds were compared in pairs. */
  readonly paired: boolean;
  /** Training seeds of the arm that has fewer; with one the interval covers the episodes alone. */
  readonly seeds: number;
}

/** The mean of all scores, with its variance over seeds and episodes; over episodes alone when there is one seed. */
export function estimateMean({ strata, values }: Pick<SeedScores, 'strata' | 'values'>): MeanEstimate {
  const [S, E] = [values.length, strata.length];
  if (S === 0 || E === 0 || values.some((row) => row.length !== E)) {
    throw new VlaError('bad-argument', `estimateMean: expected ${E} scores of at least one seed, got ${S} seeds.`, {
      hint: 'Every seed plays the same episodes, at least one.',
    });
  }
  const rows = values.map(mean);
  const total = mean(rows);
  const columns = strata.map((_, e) => mean(values.map((row) => row[e]!)));
  const members = [...new Set(strata)].map((task) => [...strata.keys()].filter((e) => strata[e] === task));
  let [within, rest] = [0, 0];
  for (const episodes of members) {
    const centre = mean(episodes.map((e) => columns[e]!));
    for (const e of episodes) within += (columns[e]! - centre) ** 2;
    for (const row of values) {
      const own = mean(episodes.map((e) => row[e]!));
      for (const e of episodes) rest += (row[e]! - own - columns[e]! + centre) ** 2;
    }
  }
  const free = E - members.length;
  const B = { square: free === 0 ? 0 : (S * within) / free, degrees: Math.max(1, free) };
  if (S === 1) return { mean: total, variance: B.square / E, degrees: B.degrees };
  const A = { square: (E * rows.reduce((sum, row) => sum + (row - total) ** 2, 0)) / (S - 1), degrees: S - 1 };
  const C = { square: free === 0 ? 0 : rest / ((S - 1) * free), degrees: Math.max(1, (S - 1) * free) };
  // The variance is at least that of the seeds alone, and that of the episodes alone.
  const square = Math.max(A.square + B.square - C.square, A.square, B.square);
  const spread = [A, B, C].reduce((sum, part) => sum + part.square ** 2 / part.degrees, 0);
  const degrees = spread === 0 ? A.degrees : Math.max(Math.min(A.degrees, B.degrees), square ** 2 / spread);
  return { mean: total, variance: square / (S * E), degrees };
}

/**
 * The mean of an arm's scores with its 95 % interval: Wilson's for as many independent trials as give the estimated
 * variance, with Student's t for z. Where all scores are 0, or all 1, the trials are the episodes.
 */
export function meanInterval(scores: SeedScores): RateInterval {
  const { mean: rate, variance, degrees } = estimateMean(scores);
  const binomial = rate * (1 - rate);
  const trials = variance > 0 && binomial > 0 ? binomial / variance : scores.strata.length;
  const t = variance > 0 ? studentQuantile(LEVEL, degrees) : Z_95;
  const t2 = t * t;
  const centre = (rate + t2 / (2 * trials)) / (1 + t2 / trials);
  const half = (t / (1 + t2 / trials)) * Math.sqrt(binomial / trials + t2 / (4 * trials * trials));
  return { rate, low: Math.max(0, Math.min(rate, centre - half)), high: Math.min(1, Math.max(rate, centre + half)) };
}

/** The mean of numbers that are no shares, such as a jerk, with its 95 % interval: Student's t around the mean. */
export function realMeanInterval(scores: SeedScores): RateInterval {
  const { mean: rate, variance, degrees } = estimateMean(scores);
  const half = variance > 0 ? studentQuantile(LEVEL, degrees) * Math.sqrt(variance) : 0;
  return { rate, low: rate - half, high: rate + half };
}

/**
 * How much more `a` scores than `b`, with the 95 % interval of the difference. Where no episode ended differently with any
 * seed, the interval is ± 3 / episodes: a share of differing episodes above that would have shown with 95 %. With `real` scores are
 * numbers that are no shares: the difference has no bounds, and no such rule.
 */
export function differenceInterval(a: SeedScores, b: SeedScores, real = false): DifferenceInterval {
  const seeds = Math.min(a.values.length, b.values.length);
  const paired = sameList(a.seeds, b.seeds) && sameList(a.strata, b.strata) && sameList(a.keys, b.keys);
  const { mean: difference, variance, degrees } = paired ? estimateMean(pairs(a, b)) : unpaired(a, b);
  const episodes = Math.min(a.strata.length, b.strata.length);
  const least = real ? 0 : 3 / episodes;
  const half = variance > 0 ? studentQuantile(LEVEL, degrees) * Math.sqrt(variance) : least;
  if (real) return { difference, low: difference - half, high: difference + half, paired, seeds };
  const [low, high] = [Math.max(-1, difference - half), Math.min(1, difference + half)];
  return { difference, low, high, paired, seeds };
}

function pairs(a: SeedScores, b: SeedScores): Pick<SeedScores, 'strata' | 'values'> {
  return { strata: a.strata, values: a.values.map((row, s) => row.map((value, e) => value - b.values[s]![e]!)) };
}

/** Two independent estimates; degrees of freedom as Welch (1947) adds them. */
function unpaired(a: SeedScores, b: SeedScores): MeanEstimate {
  const [first, second] = [estimateMean(a), estimateMean(b)];
  const variance = first.variance + second.variance;
  const spread = first.variance ** 2 / first.degrees + second.variance ** 2 / second.degrees;
  const degrees = spread === 0 ? Math.min(first.degrees, second.degrees) : variance ** 2 / spread;
  return { mean: first.mean - second.mean, variance, degrees };
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
