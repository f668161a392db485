/** @file Drops episodes of anomalous length: against the others of their task (median and MAD of the logarithm), and hard bounds. */

import { sortedQuantile } from '../statistics.ts';
import type { CleaningFilter } from './filter.ts';

type Name = 'deviations' | 'least' | 'shortest' | 'longest';

/** The median absolute deviation of a normal distribution, times this, is its standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** Episodes of one length still differ by this much before it means anything. */
const LEAST_SIGMA = Math.log(1.1);

/** Too long or too short. */
export const episodeLength: CleaningFilter<Name> = {
  name: 'length',
  summary: 'episodes much longer or shorter than others of their task',
  thresholds: {
    deviations: { value: 5, says: 'robust standard deviations of log length from the median of the task' },
    least: { value: 8, says: 'tasks with fewer episodes are compared with all episodes of the dataset' },
    shortest: { value: 0.5, says: 'shorter is dropped in any case, seconds' },
    longest: { value: 600, says: 'longer is dropped in any case, seconds' },
  },
  prepare({ dataset: { episodes, fps } }, { deviations, least, shortest, longest }) {
    const byTask = new Map<string, number[]>();
    for (const { tasks, length } of episodes) {
      const task = tasks.join('\n');
      byTask.set(task, [...(byTask.get(task) ?? []), length]);
    }
    const centres = new Map([...byTask].map(([task, lengths]) => [task, centre(lengths)]));
    const all = centre(episodes.map(({ length }) => length));
    return async ({ length, tasks }) => {
      const seconds = length / fps;
      if (seconds < shortest || seconds > longest) {
        return [
          {
            frames: null,
            reason: `${seconds.toFixed(2)} s is ${seconds < shortest ? 'shorter than' : 'longer than'} the bound of ${seconds < shortest ? shortest : longest} s`,
            numbers: { seconds, bound: seconds < shortest ? shortest : longest },
          },
        ];
      }
      const task = tasks.join('\n');
      const alone = (byTask.get(task)?.length ?? 0) >= least;
      if (!alone && episodes.length < least) return null;
      const { median, sigma } = alone ? centres.get(task)! : all;
      const off = (Math.log(length) - median) / sigma;
      if (Math.abs(off) <= deviations) return [];
      return [
        {
          frames: null,
          reason: `${length} frames, where the median of ${alone ? 'its task' : 'the dataset'} is ${Math.round(Math.exp(median))} (${off.toFixed(1)} robust deviations)`,
          numbers: { frames: length, median: Math.exp(median), deviations: off, allowed: deviations },
        },
      ];
    };
  },
};

function centre(lengths: readonly number[]): { readonly median: number; readonly sigma: number } {
  const logs = Float64Array.from(lengths, Math.log).sort();
  const median = sortedQuantile(logs, 0.5);
  const away = logs.map((log) => Math.abs(log - median)).sort();
  return { median, sigma: Math.max(LEAST_SIGMA, MAD_TO_SIGMA * sortedQuantile(away, 0.5)) };
}
