/** @file The episodes at the edges of a dataset: longest, shortest, least moving, with the largest action. */

import { measureSpread } from '../../../data/cleaning/spread.ts';
import type { Dataset } from '../../../interfaces/episode.ts';

/** One episode that stands out. */
export interface OddEpisode {
  readonly what: string;
  readonly episode: number;
  /** The number that makes it odd, in words. */
  readonly why: string;
  readonly instruction: string;
}

/** The four of them; one episode may be odd twice. */
export async function oddEpisodes(dataset: Dataset): Promise<OddEpisode[]> {
  const { episodes, fps, features } = dataset;
  const states = await columns(dataset, 'observation.state');
  const actions = await columns(dataset, 'action');
  const size = (feature: string): number => features[feature]!.shape.reduce((product, n) => product * n, 1);
  const motion = measures(states, size('observation.state'), (column, S, { step }) => meanStep(column, S, step));
  const action = measures(actions, size('action'), (column, A, { low, high, range }) =>
    largest(column, A, low, high, range),
  );
  const lengths = episodes.map(({ length }) => length);
  const at = (values: readonly number[], pick: 'min' | 'max'): number => values.indexOf(Math[pick](...values));
  const odd = (what: string, i: number, why: string): OddEpisode => ({
    what,
    episode: episodes[i]!.index,
    why,
    instruction: episodes[i]!.tasks[0] ?? '',
  });
  const [longest, shortest, still, wild] = [
    at(lengths, 'max'),
    at(lengths, 'min'),
    at(motion, 'min'),
    at(action, 'max'),
  ];
  const seconds = (i: number): string => `${lengths[i]} frames, ${(lengths[i]! / fps).toFixed(1)} s`;
  return [
    odd('longest', longest, seconds(longest)),
    odd('shortest', shortest, seconds(shortest)),
    odd('least motion', still, `${(100 * motion[still]!).toFixed(0)} % of a brisk step per frame`),
    odd('largest action', wild, `${action[wild]!.toFixed(1)} usual ranges from the middle`),
  ];
}

async function columns(dataset: Dataset, feature: string): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  for (const { index } of dataset.episodes) found.push(await dataset.column(feature, index));
  return found;
}

type Spread = ReturnType<typeof measureSpread>;

function measures(
  all: readonly Float32Array[],
  size: number,
  measure: (column: Float32Array, size: number, spread: Spread) => number,
): number[] {
  const spread = measureSpread(all, size);
  return all.map((column) => measure(column, size, spread));
}

/** The mean over frames of the largest change of any dimension, in 95 % quantiles of that change. */
function meanStep(column: Float32Array, size: number, step: readonly number[]): number {
  const rows = column.length / size;
  let sum = 0;
  for (let t = 1; t < rows; t++) {
    let most = 0;
    for (let d = 0; d < size; d++) {
      most = Math.max(most, Math.abs(column[t * size + d]! - column[(t - 1) * size + d]!) / step[d]!);
    }
    sum += most;
  }
  return rows > 1 ? sum / (rows - 1) : 0;
}

function largest(
  column: Float32Array,
  size: number,
  low: readonly number[],
  high: readonly number[],
  range: readonly number[],
): number {
  let most = 0;
  for (const [i, value] of column.entries()) {
    const d = i % size;
    most = Math.max(most, Math.abs(value - (low[d]! + high[d]!) / 2) / range[d]!);
  }
  return most;
}
