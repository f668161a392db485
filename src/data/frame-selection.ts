/**
 * @file Which frames of a dataset may start training samples: stretches of whole frames per episode, and keyframes among
 * them. The order draws from these alone; a chunk of actions never reaches past the end of its stretch.
 */

import { VlaError } from '../base/errors.ts';

/** Frames [start, end) of an episode. */
export type FrameRange = readonly [start: number, end: number];

/** What is used of one episode. */
export interface KeptFrames {
  /** Ascending and apart. At the end of a stretch a chunk is padded, as at the end of an episode. */
  readonly ranges: readonly FrameRange[];
  /** Ascending. Samples start at these frames only (those inside a stretch); absent: at every frame of the stretches. */
  readonly keyframes?: readonly number[];
}

/** What is used of each episode of a dataset, in the order of `Dataset.episodes`. */
export type FrameSelection = readonly KeptFrames[];

/** A run of consecutive frames of one episode that may be drawn. */
export interface DrawableRun {
  /** Position of the episode in the dataset's episode list. */
  readonly episode: number;
  readonly start: number;
  readonly length: number;
  /** Where chunks of actions end at the latest; undefined: at the end of the episode. */
  readonly end: number | undefined;
}

/** The runs of frames that `selection` allows in episodes of these lengths; without one, each whole episode. */
export function drawableRuns(lengths: readonly number[], selection?: FrameSelection): DrawableRun[] {
  if (selection === undefined) {
    return lengths.map((length, episode) => ({ episode, start: 0, length, end: undefined }));
  }
  if (selection.length !== lengths.length) {
    throw new VlaError(
      'mismatch',
      `frame selection: expected one entry for each of ${lengths.length} episodes, got ${selection.length}.`,
      { hint: 'Make the selection of the episodes that are opened.' },
    );
  }
  const runs = selection.flatMap((kept, episode) => runsOf(kept, episode, lengths[episode]!));
  if (runs.length > 0) return runs;
  throw new VlaError('bad-argument', 'frame selection: expected at least one frame, got none.', {
    hint: 'The thresholds of the cleaning dropped everything: loosen them and clean again.',
  });
}

function runsOf({ ranges, keyframes }: KeptFrames, episode: number, length: number): DrawableRun[] {
  let last = 0;
  return ranges.flatMap(([start, end]): DrawableRun[] => {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < last || end <= start || end > length) {
      throw new VlaError(
        'mismatch',
        `frame selection, entry ${episode}: expected ascending ranges within ${length} frames, got [${start}, ${end}).`,
        { hint: 'The selection belongs to another dataset, or was edited: clean again.' },
      );
    }
    last = end;
    if (keyframes === undefined) return [{ episode, start, length: end - start, end }];
    return keyframes
      .filter((frame) => frame >= start && frame < end)
      .map((frame) => ({ episode, start: frame, length: 1, end }));
  });
}

/** `length` frames without those of `dropped`, as ascending ranges. */
export function withoutRanges(length: number, dropped: readonly FrameRange[]): FrameRange[] {
  const kept: FrameRange[] = [];
  let at = 0;
  for (const [start, end] of [...dropped].sort((a, b) => a[0] - b[0])) {
    if (start > at) kept.push([at, Math.min(start, length)]);
    at = Math.max(at, end);
  }
  if (at < length) kept.push([at, length]);
  return kept;
}

/** Runs of true among `flags`, as ascending ranges. */
export function rangesWhere(flags: ArrayLike<unknown>): FrameRange[] {
  const found: FrameRange[] = [];
  for (let start = 0; start < flags.length; start++) {
    if (!flags[start]) continue;
    let end = start + 1;
    while (end < flags.length && flags[end]) end++;
    found.push([start, end]);
    start = end;
  }
  return found;
}

/** Frames in these ranges, which lie apart. */
export function framesIn(ranges: readonly FrameRange[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}
