/** @file Synchronous execution: T_e actions, then the robot holds still until the next chunk is there. */

import { actInForce, type Strategy } from '../strategy.ts';
import { checkExecute } from './execute.ts';

/**
 * `execute` (T_e) actions of each chunk are executed. The world waits for the policy: action 0 is for the tick at which the chunk comes, not
 * for the one at which was asked.
 */
export function synchronous(config: { readonly execute: number }): Strategy {
  const execute = checkExecute('synchronous', config.execute);
  return {
    name: 'synchronous',
    joins: false,
    check: () => {},
    ask: (seen, { queue, tick }) => (queue.running(tick) === null ? { observation: seen, observed: seen.tick } : null),
    take(chunk, { observed }, { queue, tick, epoch }) {
      queue.place(chunk, { epoch, observed, start: tick, limit: execute }, tick);
    },
    act: actInForce,
  };
}
