/**
 * @file The statistics that LeRobot keeps per episode and in meta/stats.json. Quantiles of an episode are exact; those
 * of the whole dataset follow LeRobot's rule (the smallest of the episodes' up to q50, the largest above), which gives
 * an envelope: training uses `Dataset.statistics` instead.
 */

import type { FeatureStatistics } from '../../interfaces/episode.ts';
import { QUANTILE_NAMES, byteStatistics } from '../statistics.ts';

/** Feature name → statistics; per dimension, for cameras per channel with values in [0, 1]. */
export type EpisodeStatistics = Readonly<Record<string, FeatureStatistics>>;

/** The statistics that LeRobot stores of every feature, in its order. */
export const STATISTIC_NAMES = ['min', 'max', 'mean', 'std', 'count', ...QUANTILE_NAMES] as const;

/** Which of `length` frames enter an image statistic: about length^0.75 of them, at least 100 (or all), evenly spread. */
export function sampledFrames(length: number): number[] {
  const count = Math.max(Math.min(100, length), Math.min(Math.trunc(length ** 0.75), 10_000));
  if (count === 1) return [0];
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / (count - 1)));
}

/** Collects image statistics of one camera over an episode. */
export function imageStatistics(
  width: number,
  height: number,
): {
  add(pixels: Uint8Array): void;
  result(): FeatureStatistics;
} {
  // Large pictures are thinned to about 150 pixels along their longer side, as LeRobot does.
  const longer = Math.max(width, height);
  const step = longer < 300 ? 1 : Math.trunc(longer / 150);
  const histograms = [0, 1, 2].map(() => new Float64Array(256));
  let count = 0;
  return {
    add(pixels) {
      count++;
      for (let y = 0; y < height; y += step) {
        for (let x = 0; x < width; x += step) {
          const at = (y * width + x) * 3;
          for (let c = 0; c < 3; c++) histograms[c]![pixels[at + c]!]!++;
        }
      }
    },
    result() {
      const channels = histograms.map(byteStatistics);
      const join = (name: Exclude<keyof FeatureStatistics, 'count'>): number[] => channels.map((c) => c[name][0]!);
      return {
        min: join('min'),
        max: join('max'),
        mean: join('mean'),
        std: join('std'),
        q01: join('q01'),
        q10: join('q10'),
        q50: join('q50'),
        q90: join('q90'),
        q99: join('q99'),
        count,
      };
    },
  };
}

/** Joins the statistics of one feature over episodes by LeRobot's rule. */
export function aggregate(parts: readonly FeatureStatistics[]): FeatureStatistics {
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  const dims = parts[0]!.mean.map((_, d) => d);
  const mean = dims.map((d) => parts.reduce((sum, part) => sum + part.mean[d]! * part.count, 0) / total);
  const variance = dims.map(
    (d) =>
      parts.reduce((sum, part) => sum + (part.std[d]! ** 2 + (part.mean[d]! - mean[d]!) ** 2) * part.count, 0) / total,
  );
  const least = (name: 'min' | (typeof QUANTILE_NAMES)[number]): number[] =>
    dims.map((d) => parts.reduce((low, part) => Math.min(low, part[name][d]!), Infinity));
  const most = (name: 'max' | (typeof QUANTILE_NAMES)[number]): number[] =>
    dims.map((d) => parts.reduce((high, part) => Math.max(high, part[name][d]!), -Infinity));
  return {
    min: least('min'),
    max: most('max'),
    mean,
    std: variance.map(Math.sqrt),
    q01: least('q01'),
    q10: least('q10'),
    q50: least('q50'),
    q90: most('q90'),
    q99: most('q99'),
    count: total,
  };
}
