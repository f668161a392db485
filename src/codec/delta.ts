/** @file Absolute, delta and chunk-relative actions, converted both ways over a chunk. */

import type { Convention } from '../interfaces/convention.ts';

/** What an action refers to: see `Convention.reference`. */
export type Reference = Convention['reference'];

/**
 * A conversion between references. Per action dimension, `stateIndex` names the state dimension it refers to; null
 * leaves the dimension as it is (a gripper command, a base velocity).
 * `period` is the length of the circle of a dimension that wraps (2π for a continuous joint), or null.
 * Differences are taken number by number: rotations written as axis-angle or quaternion do not compose this way.
 */
export interface ReferenceChange {
  readonly from: Reference;
  readonly to: Reference;
  readonly stateIndex: readonly (number | null)[];
  readonly period: readonly (number | null)[] | null;
}

/** `actions` (row-major [horizon, dim]) from reference `from` to `to`, in place; `state` is that of the chunk's start. */
export function changeReference(
  actions: Float64Array,
  state: ArrayLike<number>,
  change: ReferenceChange,
  from: Reference = change.from,
  to: Reference = change.to,
): void {
  const dim = change.stateIndex.length;
  if (from === to) return;
  for (let d = 0; d < dim; d++) {
    const index = change.stateIndex[d];
    if (index === null || index === undefined) continue;
    const period = change.period?.[d] ?? null;
    TO_ABSOLUTE[from](actions, d, dim, state[index]!, period);
    FROM_ABSOLUTE[to](actions, d, dim, state[index]!, period);
  }
}

/** The inverse of `changeReference` with the same arguments. */
export function restoreReference(actions: Float64Array, state: ArrayLike<number>, change: ReferenceChange): void {
  changeReference(actions, state, change, change.to, change.from);
}

type Conversion = (actions: Float64Array, first: number, dim: number, start: number, period: number | null) => void;

const TO_ABSOLUTE: Readonly<Record<Reference, Conversion>> = {
  absolute: () => {},
  delta(actions, first, dim, start) {
    let value = start;
    for (let i = first; i < actions.length; i += dim) actions[i] = value += actions[i]!;
  },
  'relative-to-chunk-start'(actions, first, dim, start) {
    for (let i = first; i < actions.length; i += dim) actions[i] = start + actions[i]!;
  },
};

const FROM_ABSOLUTE: Readonly<Record<Reference, Conversion>> = {
  absolute: () => {},
  delta(actions, first, dim, start, period) {
    let previous = start;
    for (let i = first; i < actions.length; i += dim) {
      const value = actions[i]!;
      actions[i] = wrap(value - previous, period);
      previous = value;
    }
  },
  'relative-to-chunk-start'(actions, first, dim, start, period) {
    for (let i = first; i < actions.length; i += dim) actions[i] = wrap(actions[i]! - start, period);
  },
};

/** The shortest way around a circle of length `period`: a value in [−period/2, period/2]. */
function wrap(difference: number, period: number | null): number {
  return period === null ? difference : difference - period * Math.round(difference / period);
}
