/** @file The vectors that a learner carries from step to step, by the names that training-state/state.safetensors uses. */

import { VlaError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import type { FlatLayout } from './flat-parameters.ts';
import type { OptimiserConfig } from './optimiser.ts';

const STATE = ['weights', 'm', 'v', 'average'] as const;

/** A vector of the state, f32 [layout.count]. */
export type StateName = (typeof STATE)[number];

/** The state under an optimiser: without averaging there is no average. */
export function stateNamesOf(optimiser: OptimiserConfig): readonly StateName[] {
  return optimiser.emaDecay === null ? STATE.slice(0, 3) : STATE;
}

/** Throws `mismatch` unless `state` has every vector in the layout's length. */
export function requireState(
  layout: FlatLayout,
  names: readonly StateName[],
  state: Readonly<Record<string, Tensor>>,
): void {
  for (const name of names) {
    const got = state[name];
    if (got?.dtype === 'f32' && got.data.length === layout.count) continue;
    const what = got === undefined ? 'none' : `${got.dtype} [${got.shape.join(', ')}]`;
    throw new VlaError('mismatch', `training state "${name}": expected f32 [${layout.count}], got ${what}.`, {
      hint: 'The checkpoint belongs to another model: train into another folder.',
    });
  }
}
