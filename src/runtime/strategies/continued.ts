/**
 * @file Real-time chunking (Black et al. 2025): the policy is shown all that the running chunk has left, of which the first actions are
 * committed. Prefix policies keep those; guided ones are also pulled towards the rest.
 */

import { actInForce, hasExecuted, type Strategy } from '../strategy.ts';
import { checkExecute } from './execute.ts';
import { askToContinue, requireContinuation, takeJoined } from './join.ts';

/** `execute`: the fewest actions of a chunk that are executed before the next inference begins (s_min); with 1 the policy never rests. */
export function continued(config: { readonly execute: number }): Strategy {
  const name = 'continued';
  const execute = checkExecute(name, config.execute);
  return {
    name,
    joins: true,
    check: (policy, latency) => requireContinuation(name, policy, latency, ['prefix', 'guided', 'guided-forward']),
    ask: (seen, view) => (hasExecuted(execute, view) ? askToContinue(seen, view, { least: 0, all: true }) : null),
    take: takeJoined,
    act: actInForce,
  };
}
