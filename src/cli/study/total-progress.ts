/** @file One bar for a whole study: jobs of known size whose pace is learned as they are done. */

import process from 'node:process';
import { barHead, formatSeconds } from '../../base/progress.ts';

/** A job as the bar sees it. */
export interface PacedJob {
  /** Jobs with one key go at one pace: the name of a recipe, a kind of measurement. */
  readonly pace: string;
  /** Samples, episodes. */
  readonly size: number;
  /** Seconds per unit, until one of its kind has been timed. */
  readonly guess: number;
}

/** The bar. */
export interface TotalProgress {
  /** Job `index` was done before, or is done now; `seconds` it took, null: unknown. */
  done(index: number, seconds: number | null): void;
  /** Job `index` is under way: the share that is done of it, the seconds so far, which of its phases, and what it does there. */
  update(index: number, share: number, seconds: number, phase: string, note: string): void;
  /** Ends the line. */
  finish(note: string): void;
}

/** Where the bar is drawn, and when. */
export interface TotalProgressOptions {
  readonly stream?: { write(text: string): unknown; isTTY?: boolean; columns?: number };
  /** Milliseconds between plain lines when the stream is no terminal; default 10,000. */
  readonly lineIntervalMs?: number;
  readonly now?: () => number;
}

/** Below this share of a job its own pace says little. */
const TELLING_SHARE = 0.02;

/** Starts the bar over `jobs`. */
export function startTotalProgress(jobs: readonly PacedJob[], options: TotalProgressOptions = {}): TotalProgress {
  const stream = options.stream ?? process.stderr;
  const now = options.now ?? (() => performance.now());
  const interval = stream.isTTY === true ? 100 : (options.lineIntervalMs ?? 10_000);
  const shares = jobs.map(() => 0);
  /** Per pace the seconds and units that were timed. */
  const timed = new Map<string, { seconds: number; units: number }>();
  let last = -Infinity;
  let shown = '';
  const secondsPerUnit = ({ pace, guess }: PacedJob): number => {
    const known = timed.get(pace);
    return known === undefined ? guess : known.seconds / known.units;
  };
  const show = (text: string): void => {
    if (stream.isTTY === true) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 120) - 1)}`);
    else stream.write(`${text}\n`);
  };
  const line = (live: { index: number; seconds: number } | null, note: string): string => {
    let [spent, left] = [0, 0];
    for (const [i, job] of jobs.entries()) {
      const share = shares[i]!;
      const own = live?.index === i && share > TELLING_SHARE ? live.seconds / share : job.size * secondsPerUnit(job);
      spent += share * own;
      left += (1 - share) * own;
    }
    const whole = shares.filter((share) => share === 1).length;
    const counts = `${whole}/${jobs.length} jobs, ${formatSeconds(left)} left`;
    return `${barHead('study', spent / Math.max(1e-9, spent + left))}  ${counts}${note === '' ? '' : `  ${note}`}`;
  };
  return {
    done(index, seconds) {
      const { pace, size } = jobs[index]!;
      shares[index] = 1;
      if (seconds === null || seconds <= 0) return;
      const before = timed.get(pace) ?? { seconds: 0, units: 0 };
      timed.set(pace, { seconds: before.seconds + seconds, units: before.units + size });
    },
    update(index, share, seconds, phase, note) {
      // Whole only by `done`: what follows the last unit, a checkpoint for example, belongs to the job.
      shares[index] = Math.min(0.999, share);
      // The beginning of a phase is always shown: whoever reads a log sees what was done.
      const begins = shown !== `${index} ${phase}`;
      if (!begins && now() - last < interval) return;
      last = now();
      shown = `${index} ${phase}`;
      show(line({ index, seconds }, `${phase} ${note}`));
    },
    finish(note) {
      show(`${barHead('study', 1)}  ${note}`);
      if (stream.isTTY === true) stream.write('\n');
    },
  };
}
