/** @file What a study compares of episodes that were played in real time: their records as series of scores. */

import type { EpisodeRecord } from '../../../benchmarks/result.ts';
import { mean } from '../../../benchmarks/statistics.ts';
import type { AxisValue, Score, Series } from '../measurement.ts';

type Values = (episodes: readonly EpisodeRecord[]) => readonly (number | undefined)[];

const metric =
  (name: string): Values =>
  (episodes) =>
    episodes.map(({ metrics }) => metrics?.[name]);

const succeeded = ({ outcome }: EpisodeRecord): number => (outcome === 'success' ? 1 : 0);

/**
 * Successes per minute: all successes of a task over all its time, R, whatever the robot did in it. Episode i stands for
 * R + (s_i − R t_i) / mean(t), whose mean is R and whose spread is that of the ratio, to first order (Cochran 1977, section 2.11).
 */
const throughput: Values = (episodes) => {
  const minutes = episodes.map(({ metrics }) => metrics!['seconds']! / 60);
  const ratio = mean(episodes.map(succeeded)) / mean(minutes);
  return episodes.map((episode, i) => ratio + (succeeded(episode) - ratio * minutes[i]!) / mean(minutes));
};

/** In the order of the figure. Without a unit: shares. */
const SERIES: readonly { readonly name: string; readonly unit?: string; readonly values: Values }[] = [
  { name: 'success', values: (episodes) => episodes.map(succeeded) },
  { name: 'throughput', unit: 'successes/min', values: throughput },
  { name: 'idle', values: metric('idle') },
  { name: 'jerk', unit: 'm/s³', values: metric('handJerk') },
  { name: 'seam', unit: 'action units', values: metric('seam') },
  { name: 'unused', values: metric('unused') },
];

/** Names of the series. */
export const REAL_TIME_SERIES: readonly string[] = SERIES.map(({ name }) => name);

/** One score per episode and series, where the episode has one. */
export function realTimeSeries(episodes: readonly EpisodeRecord[], at: AxisValue): Series[] {
  const tasks = [...new Set(episodes.map(({ task }) => task))];
  return SERIES.map(({ name, unit, values }): Series => {
    const scores = tasks.flatMap((task): Score[] => {
      const own = episodes.filter((episode) => episode.task === task);
      const found = values(own);
      return own.flatMap(({ seed }, i) => {
        const value = found[i];
        return value === undefined ? [] : [{ stratum: task, key: String(seed), value }];
      });
    });
    return { name, ...(unit === undefined ? {} : { unit }), at, scores };
  });
}
