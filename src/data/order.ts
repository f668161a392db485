/**
 * @file The order in which frames are drawn: epoch after epoch without repetition, each a different permutation, and
 * every position a pure function of (seed, position). A resumed run asks for its step and sees what it would have seen.
 */

import { invariant } from '../base/errors.ts';
import { philox } from '../base/random.ts';
import { drawableRuns, type FrameSelection } from './frame-selection.ts';

/** One frame of one episode. */
export interface FramePlace {
  /** Position of the episode in the dataset's episode list. */
  readonly episode: number;
  readonly frame: number;
  /** Where the chunk of actions ends at the latest, where a selection says so; otherwise at the end of the episode. */
  readonly end?: number;
  /** How many actions later than its images a sample's state and actions are; left out: none. */
  readonly delay?: number;
}

/** An endless walk over the frames of a dataset. */
export interface FrameOrder {
  /** Frames of an epoch. */
  readonly frames: number;
  /** The frame drawn at `position`, counted from 0 over all epochs. */
  at(position: number): FramePlace;
}

/** The shuffled order over episodes of the given lengths, or over what `selection` leaves of them. */
export function shuffledFrames(lengths: readonly number[], seed: number, selection?: FrameSelection): FrameOrder {
  return frameOrder(lengths, selection, (place, frames, epoch) => permuted(place, frames, seed, epoch));
}

/** The order in which the frames were recorded, every epoch the same. */
export function recordedFrames(lengths: readonly number[], selection?: FrameSelection): FrameOrder {
  return frameOrder(lengths, selection, (place) => place);
}

/** `rowAt` gives the row, counted in the order of recording, for a place of an epoch. */
function frameOrder(
  lengths: readonly number[],
  selection: FrameSelection | undefined,
  rowAt: (place: number, frames: number, epoch: number) => number,
): FrameOrder {
  const runs = drawableRuns(lengths, selection);
  const ends: number[] = [];
  let frames = 0;
  for (const { length } of runs) ends.push((frames += length));
  invariant(frames > 0, 'an order over no frames');
  return {
    frames,
    at(position) {
      const row = rowAt(position % frames, frames, Math.floor(position / frames));
      let low = 0;
      let high = ends.length - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (ends[middle]! > row) high = middle;
        else low = middle + 1;
      }
      const { episode, start, length, end } = runs[low]!;
      const frame = start + row - (ends[low]! - length);
      return end === undefined ? { episode, frame } : { episode, frame, end };
    },
  };
}

const counter = new Uint32Array(4);
const block = new Uint32Array(4);

/**
 * The place of `index` in the `epoch`-th permutation of [0, count): a four-round Feistel network over the next even
 * number of bits, walked until it lands inside (Black and Rogaway 2002). Constant memory, whatever the dataset's size.
 */
export function permuted(index: number, count: number, seed: number, epoch: number): number {
  invariant(
    Number.isSafeInteger(index) && index >= 0 && index < count && count <= 2 ** 32,
    `index ${index} of ${count}`,
  );
  let half = 1;
  while (2 ** (2 * half) < count) half++;
  const mask = 2 ** half - 1;
  let value = index;
  do {
    let left = Math.floor(value / 2 ** half);
    let right = value % 2 ** half;
    for (let round = 0; round < 4; round++) {
      counter.set([right, round, epoch, 0x6f726472]);
      philox(counter, seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, block);
      [left, right] = [right, (left ^ (block[0]! & mask)) >>> 0];
    }
    value = left * 2 ** half + right;
  } while (value >= count);
  return value;
}
