/** @file Naive asynchronous execution: the old chunk goes on while the next is inferred, which takes over when it comes, jump or not. */

import { actInForce, hasExecuted, type Strategy } from '../strategy.ts';
import { checkExecute } from './execute.ts';

/** The next chunk is asked for after `execute` (T_e) actions; what of it is past when it comes is dropped. */
export function naiveAsynchronous(config: { readonly execute: number }): Strategy {
  const execute = checkExecute('naive asynchronous', config.execute);
  return {
    name: 'naive-asynchronous',
    joins: false,
    check: () => {},
    ask: (seen, view) => (hasExecuted(execute, view) ? { observation: seen, observed: seen.tick } : null),
    take(chunk, { observed }, { queue, tick, epoch }) {
      queue.place(chunk, { epoch, observed, start: observed }, tick);
    },
    act: actInForce,
  };
}
