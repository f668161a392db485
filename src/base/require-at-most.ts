/** @file Bounds of what comes from elsewhere. */

import { VlaError } from './errors.ts';

/** Throws `bad-data` when `got` is above `most`; check before memory is set aside. */
export function requireAtMost(what: string, got: number, most: number): void {
  if (got <= most) return;
  throw new VlaError('bad-data', `${what}: expected at most ${most}, got ${got}.`, {
    hint: 'Send less, or start the server with higher limits.',
  });
}
