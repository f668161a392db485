/** @file From episodes to the summary: one row per condition and task, and one over all tasks. */

import { percentile, wilsonInterval } from './statistics.ts';
import type { EpisodeRecord, Latency, ResultRow } from './result.ts';

/** The name of the row over all tasks. */
export const ALL_TASKS = 'all';

/** Rows in the given order of conditions and tasks; a pair without episodes has no row. */
export function summarise(
  episodes: readonly EpisodeRecord[],
  conditions: readonly string[],
  tasks: readonly string[],
): ResultRow[] {
  return conditions.flatMap((condition) => {
    const own = episodes.filter((episode) => episode.condition === condition);
    const perTask = tasks.map((task) => {
      return summaryRow(
        condition,
        task,
        own.filter((episode) => episode.task === task),
      );
    });
    return [...perTask, summaryRow(condition, ALL_TASKS, own)].filter((row) => row.episodes > 0);
  });
}

function summaryRow(condition: string, task: string, episodes: readonly EpisodeRecord[]): ResultRow {
  const successes = episodes.filter(({ outcome }) => outcome === 'success').length;
  return {
    condition,
    task,
    episodes: episodes.length,
    successes,
    wrong: episodes.filter(({ outcome }) => outcome === 'wrong').length,
    ...wilsonInterval(successes, episodes.length),
    meanLength: episodes.reduce((sum, { length }) => sum + length, 0) / episodes.length,
    ...meanMetrics(episodes),
  };
}

/** The mean of every metric that the environment measures. */
function meanMetrics(episodes: readonly EpisodeRecord[]): Pick<ResultRow, 'metrics'> {
  const names = Object.keys(episodes[0]?.metrics ?? {});
  if (names.length === 0) return {};
  const mean = (name: string): number =>
    episodes.reduce((sum, episode) => sum + (episode.metrics?.[name] ?? 0), 0) / episodes.length;
  return { metrics: Object.fromEntries(names.map((name) => [name, mean(name)])) };
}

/** Median, 99th percentile and maximum, milliseconds rounded to a microsecond; zeros when there was no call. */
export function summariseLatency(milliseconds: ArrayLike<number>): Latency {
  if (milliseconds.length === 0) return { p50: 0, p99: 0, max: 0 };
  const at = (share: number): number => Math.round(percentile(milliseconds, share) * 1000) / 1000;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}
