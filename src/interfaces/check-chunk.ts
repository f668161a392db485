/** @file Refuses a chunk of actions that does not fit the robot: wrong size, empty, NaN. */

import { VlaError } from '../base/errors.ts';
import type { ActionChunk } from './action-chunk.ts';
import type { Embodiment } from './embodiment.ts';

/** Throws unless `chunk` is [horizon ≥ 1, action size] of finite numbers. */
export function checkChunk(where: string, chunk: ActionChunk, embodiment: Embodiment): void {
  const { names } = embodiment.action;
  const { horizon, dim, data } = chunk;
  if (dim !== names.length || !Number.isInteger(horizon) || horizon < 1 || data.length !== horizon * dim) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected a chunk of at least one action of ${names.length} values, ` +
        `got horizon ${horizon}, ${dim} values per action, ${data.length} numbers.`,
      { hint: 'Use a policy that was trained for this robot.' },
    );
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new VlaError(
    'not-finite',
    `${where}: expected finite actions, got ${data[bad]} for "${names[bad % dim]}" in action ${Math.floor(bad / dim)} of the chunk.`,
    {
      hint: 'Nothing of this chunk was executed. The weights may be damaged, or training diverged: look at its loss curve.',
    },
  );
}
