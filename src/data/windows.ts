/** @file Windows of actions: the chunk that follows a frame, with a mask over rows past the episode's end. */

import { VlaError } from '../base/errors.ts';

/** How the rows of a window are taken from the frames of an episode. */
export interface WindowSpec {
  /** Rows, including the one at the frame itself. */
  readonly horizon: number;
  /**
   * Dataset frames per row: 1 keeps the dataset's rate, 3 turns 30 fps into 10 Hz, 1.5 turns 30 into 20. Strides make
   * sense for absolute targets; changes (delta actions) must keep stride 1, since skipped rows would be lost.
   */
  readonly stride: number;
  /** What a row between two frames takes: the nearest frame, or a straight line between both. */
  readonly between: 'nearest' | 'linear';
}

/** The rows of one window and which of them are padding. */
export interface Window {
  /** Row-major [horizon, dim]. */
  readonly values: Float32Array;
  /** [horizon]: 1 where the row lies past the end of the episode, or of the stretch that is used (it then repeats the last frame). */
  readonly isPad: Uint8Array;
}

/** `horizon` rows at the dataset's own rate. */
export function plainWindow(horizon: number): WindowSpec {
  return { horizon, stride: 1, between: 'nearest' };
}

/** A window whose rows come at `toHz` from a dataset of `fps` frames per second. */
export function windowAtRate(horizon: number, fps: number, toHz: number, between: WindowSpec['between']): WindowSpec {
  if (!(toHz > 0 && toHz <= fps)) {
    throw new VlaError('bad-argument', `window: expected a rate in (0, ${fps}] Hz, got ${toHz}.`, {
      hint: 'A rate above the dataset’s own would have to invent actions.',
    });
  }
  return { horizon, stride: fps / toHz, between };
}

/**
 * The window of `column` (row-major [length, dim]) that starts at `frame`. From frame `length` on (default: the end of
 * the column) rows are padding.
 */
export function windowAt(
  column: Float32Array,
  dim: number,
  frame: number,
  spec: WindowSpec,
  length = column.length / dim,
): Window {
  const values = new Float32Array(spec.horizon * dim);
  const isPad = new Uint8Array(spec.horizon);
  for (let row = 0; row < spec.horizon; row++) {
    const position = frame + row * spec.stride;
    // A row is padding as soon as it lies behind the last frame, by more than rounding.
    if (position > length - 1 + 1e-6) isPad[row] = 1;
    const at = Math.min(position, length - 1);
    const low = spec.between === 'nearest' ? Math.round(at) : Math.floor(at);
    const share = spec.between === 'nearest' ? 0 : at - low;
    for (let d = 0; d < dim; d++) {
      const value = column[low * dim + d]!;
      values[row * dim + d] = share === 0 ? value : value + (column[(low + 1) * dim + d]! - value) * share;
    }
  }
  return { values, isPad };
}
