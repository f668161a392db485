/** @file Refuses an action that is no action of the robot: a wrong length, NaN, infinity. */

import { VlaError } from '../base/errors.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';

/** Throws `bad-shape` or `not-finite` unless `action` is one finite number per dimension of the embodiment's action. */
export function checkAction({ name, action: { names } }: Embodiment, action: ArrayLike<number>): void {
  if (action.length !== names.length) {
    throw new VlaError('bad-shape', `${name}: expected an action of ${names.length} numbers, got ${action.length}.`, {
      hint: `Its numbers are ${names.join(', ')}.`,
    });
  }
  for (let i = 0; i < names.length; i++) {
    if (Number.isFinite(action[i])) continue;
    throw new VlaError('not-finite', `${name}: expected finite numbers, got ${action[i]} in dimension ${i}.`, {
      hint: 'A policy that answers NaN usually read a NaN state or has diverged in training.',
    });
  }
}
