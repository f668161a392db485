/** @file Asks a policy the questions of a recording again and compares its answers with the recorded ones. */

import { VlaError } from '../../base/errors.ts';
import type { Progress } from '../../base/progress.ts';
import { checkChunk } from '../../interfaces/check-chunk.ts';
import type { Policy } from '../../interfaces/policy.ts';
import type { RecordedSession } from './recorded-session.ts';

/** One answer beside the recorded one. */
export interface Answer {
  readonly episode: number;
  readonly tick: number;
  /** Row-major [rows, dim], both. */
  readonly recorded: Float32Array;
  readonly replayed: Float32Array;
  readonly rows: number;
}

/** How one dimension of the actions differs. */
export interface DimensionDifference {
  readonly name: string;
  /** Of absolute differences, in the embodiment's units. */
  readonly mean: number;
  readonly max: number;
  /** Where the largest one is: the tick that the action is for. */
  readonly worst: { readonly episode: number; readonly tick: number };
  /** Largest minus smallest recorded value. */
  readonly range: number;
}

/** What a replay found. */
export interface Comparison {
  readonly answers: readonly Answer[];
  readonly dimensions: readonly DimensionDifference[];
  /** Numbers that were compared, and how many of them are not the very same. */
  readonly numbers: number;
  readonly different: number;
  /** Inferences that could not be asked again. */
  readonly missing: number;
}

/** Asks everything in the recorded order, with the recorded seeds, or `seed` where the recording does not say. */
export async function replaySession(
  session: RecordedSession,
  policy: Policy,
  seed: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<Comparison> {
  const answers: Answer[] = [];
  const dim = policy.embodiment.action.names.length;
  for (const episode of session.episodes) {
    await policy.reset({ seed: episode.seed ?? seed });
    for (const { tick, ask, recorded } of episode.questions) {
      if (signal.aborted) {
        throw new VlaError('interrupted', `replay: stopped after ${answers.length} inferences; nothing was written.`, {
          hint: 'Run the same command again, perhaps with fewer --episodes.',
        });
      }
      const { observation, options } = await ask();
      const chunk = await policy.infer(observation, options);
      const where = `replay: episode ${episode.index}, tick ${tick}`;
      checkChunk(where, chunk, policy.embodiment);
      const rows = Math.min(recorded.length / dim, chunk.horizon);
      answers.push({
        episode: episode.index,
        tick,
        rows,
        recorded: recorded.slice(0, rows * dim),
        replayed: chunk.data.slice(0, rows * dim),
      });
      progress.update(answers.length);
    }
  }
  const missing = session.episodes.reduce((sum, episode) => sum + episode.missing, 0);
  return { ...summed(answers, policy.embodiment.action.names), answers, missing };
}

function summed(
  answers: readonly Answer[],
  names: readonly string[],
): Pick<Comparison, 'dimensions' | 'numbers' | 'different'> {
  let [numbers, different] = [0, 0];
  const dim = names.length;
  const dimensions = names.map((name, d): DimensionDifference => {
    let [sum, count, max, low, high] = [0, 0, 0, Infinity, -Infinity];
    let worst = { episode: answers[0]?.episode ?? 0, tick: answers[0]?.tick ?? 0 };
    for (const { episode, tick, rows, recorded, replayed } of answers) {
      for (let row = 0; row < rows; row++) {
        const [then, now] = [recorded[row * dim + d]!, replayed[row * dim + d]!];
        const difference = Math.abs(then - now);
        if (then !== now) different++;
        sum += difference;
        count++;
        [low, high] = [Math.min(low, then), Math.max(high, then)];
        if (difference > max) [max, worst] = [difference, { episode, tick: tick + row }];
      }
    }
    numbers += count;
    return { name, mean: count === 0 ? 0 : sum / count, max, worst, range: count === 0 ? 0 : high - low };
  });
  return { dimensions, numbers, different };
}

/**
 * How far an answer is off: its largest difference, each dimension as a share of its recorded range, so that metres and grippers compare.
 */
export function severity({ recorded, replayed }: Answer, dimensions: readonly DimensionDifference[]): number {
  let worst = 0;
  for (const [i, then] of recorded.entries()) {
    const { range } = dimensions[i % dimensions.length]!;
    worst = Math.max(worst, Math.abs(then - replayed[i]!) / (range > 0 ? range : 1));
  }
  return worst;
}

/** The answers that differ most, at most `count`, worst first. */
export function worstAnswers({ answers, dimensions }: Comparison, count: number): Answer[] {
  return answers
    .map((answer) => ({ answer, off: severity(answer, dimensions) }))
    .filter(({ off }) => off > 0)
    .sort((a, b) => b.off - a.off)
    .slice(0, count)
    .map(({ answer }) => answer);
}

/** One row per dimension, and what it comes to. */
export function comparisonTable({ dimensions, numbers, different, answers, missing }: Comparison): string {
  const rows = [
    ['dimension', 'mean |Δ|', 'max |Δ|', 'of range', 'at'],
    ...dimensions.map(({ name, mean, max, range, worst }) => [
      name,
      mean.toPrecision(3),
      max.toPrecision(3),
      range > 0 ? `${((100 * max) / range).toFixed(1)} %` : '–',
      max > 0 ? `episode ${worst.episode}, tick ${worst.tick}` : '–',
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  return [...lines, verdict({ numbers, different, answers, missing })].join('\n');
}

/** In one sentence. */
export function verdict({
  numbers,
  different,
  answers,
  missing,
}: Pick<Comparison, 'numbers' | 'different' | 'answers' | 'missing'>): string {
  const asked = `${answers.length} inferences, ${numbers} numbers`;
  const equal = different === 0 ? 'all are exactly equal' : `${different} differ`;
  return `${asked}: ${equal}${missing === 0 ? '' : `; ${missing} inferences could not be asked again: their pictures were dropped`}`;
}
