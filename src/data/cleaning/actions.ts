/** @file Drops frames whose action lies beyond the robot's limits, far outside what the dataset does, or jumps. */

import { rangesWhere, type FrameRange } from '../frame-selection.ts';
import type { CleaningContext, CleaningFilter, EpisodeNumbers, Finding, VectorContext } from './filter.ts';

type Name = 'beyond' | 'jump' | 'slack' | 'spike';

/** Outlier actions. */
export const actionOutliers: CleaningFilter<Name> = {
  name: 'actions',
  summary: 'actions beyond the limits, far outside the usual, or jumping',
  thresholds: {
    beyond: { value: 3, says: 'how far outside the 5 % and 95 % quantiles, in ranges between them' },
    jump: { value: 15, says: 'change from frame to frame, in 95 % quantiles of that change' },
    slack: { value: 0.01, says: 'how far the robot’s limits may be passed, as a share of their range' },
    spike: { value: 3, says: 'a jump and the jump back within so many frames are one spike' },
  },
  prepare(context, thresholds) {
    return async (episode) => {
      if (episode.action === null || context.action === null) return null;
      const far = outside(context, context.action, episode, thresholds);
      // A value far outside jumps there, too: that is one fault.
      const apart = jumps(context.action, episode, thresholds).filter(({ frames: [start, end] }) =>
        far.every(({ frames: [from, to] }) => end < from || start > to),
      );
      return [...far, ...apart];
    };
  },
};

/** A finding about frames, never the whole episode. */
type FrameFinding = Finding & { readonly frames: FrameRange };

interface Bounds {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly what: string;
}

/** The robot's limits where it has any, and those that the dataset keeps to. */
function bounds(
  { embodiment }: CleaningContext,
  { layout, spread }: VectorContext,
  { beyond, slack }: Record<Name, number>,
): Bounds[] {
  const { low, high } = embodiment?.action ?? {};
  const usual = {
    low: spread.low.map((value, d) => value - beyond * spread.range[d]!),
    high: spread.high.map((value, d) => value + beyond * spread.range[d]!),
    what: 'what the dataset does',
  };
  if (low?.length !== layout.size || high?.length !== layout.size) return [usual];
  const room = low.map((value, d) => slack * (high[d]! - value));
  const limits = {
    low: low.map((value, d) => value - room[d]!),
    high: high.map((value, d) => value + room[d]!),
    what: 'the robot’s limits',
  };
  return [limits, usual];
}

function outside(
  context: CleaningContext,
  vector: VectorContext,
  { action, length }: EpisodeNumbers,
  thresholds: Record<Name, number>,
): FrameFinding[] {
  const { size, names } = vector.layout;
  const all = bounds(context, vector, thresholds);
  const worst = Array.from({ length }, (_, t) => {
    for (const { low, high, what } of all) {
      for (let d = 0; d < size; d++) {
        const value = action![t * size + d]!;
        if (value < low[d]! || value > high[d]!) return { d, value, low: low[d]!, high: high[d]!, what };
      }
    }
    return null;
  });
  return rangesWhere(worst).map(([start, end]) => {
    const { d, value, low, high, what } = worst[start]!;
    return {
      frames: [start, end],
      reason: `"${names[d]}" is ${format(value)}, outside ${what} [${format(low)}, ${format(high)}]`,
      numbers: { dimension: d, value, low, high },
    };
  });
}

/** Grippers may jump: they are commands of two values. */
function jumps(
  { layout, spread }: VectorContext,
  { action, length }: EpisodeNumbers,
  { jump, spike }: Record<Name, number>,
): FrameFinding[] {
  const { size, names, grippers } = layout;
  const judged = Array.from({ length: size }, (_, d) => d).filter((d) => !grippers.some(({ at }) => at === d));
  const changes = Array.from({ length }, (_, t) => {
    if (t === 0) return null;
    for (const d of judged) {
      const change = action![t * size + d]! - action![(t - 1) * size + d]!;
      if (Math.abs(change) > jump * spread.step[d]!) return { d, change, allowed: jump * spread.step[d]! };
    }
    return null;
  });
  const found: FrameFinding[] = [];
  for (let t = 0; t < length; t++) {
    const first = changes[t];
    if (first === null || first === undefined) continue;
    // A spike jumps there and back: the frames in between are wrong, the one after is right again.
    let end = t + 1;
    for (let back = t + 1; back <= t + spike && back < length; back++) {
      const other = changes[back];
      if (other?.d === first.d && Math.sign(other.change) === -Math.sign(first.change)) {
        end = back;
        break;
      }
    }
    found.push({
      frames: [t, end],
      reason: `"${names[first.d]}" jumps by ${format(first.change)} within a frame (allowed: ${format(first.allowed)})`,
      numbers: { dimension: first.d, change: first.change, allowed: first.allowed },
    });
    t = end;
  }
  return found;
}

function format(value: number): string {
  return String(Number(value.toPrecision(3)));
}
