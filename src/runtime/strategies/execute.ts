/** @file T_e, the actions of a chunk that are executed before the next one is asked for. */

import { VlaError } from '../../base/errors.ts';

/** Returns `execute` where it is a whole number of at least 1. */
export function checkExecute(strategy: string, execute: number): number {
  if (Number.isInteger(execute) && execute >= 1) return execute;
  throw new VlaError('bad-argument', `${strategy}: expected to execute at least 1 action of a chunk, got ${execute}.`);
}
