/**
 * @file Asynchronous execution as in Xiaomi-Robotics-0 (section 2.4, figure 5): after T_e actions of a chunk the next is inferred, given the
 * next Δt_c actions of the running one as a prefix; the robot goes on meanwhile, and switches at index Δt_inf ≤ Δt_c.
 */

import { actInForce, hasExecuted, type Strategy } from '../strategy.ts';
import { checkExecute } from './execute.ts';
import { askToContinue, requireContinuation, takeJoined } from './join.ts';

/** How chunks follow each other. */
export interface AlignedConfig {
  /** T_e: the index of the running chunk at which the next inference begins. T_e + Δt_c should not be beyond the horizon. */
  readonly execute: number;
  /** Δt_c, at least; default: as long as the latency estimate says. */
  readonly committed?: number;
}

/** For policies that were trained with a prefix. */
export function alignedAsynchronous(config: AlignedConfig): Strategy {
  const name = 'aligned-asynchronous';
  const execute = checkExecute(name, config.execute);
  const least = config.committed ?? 0;
  return {
    name,
    joins: true,
    check: (policy, latency) => requireContinuation(name, policy, Math.max(latency, least), ['prefix']),
    ask: (seen, view) => (hasExecuted(execute, view) ? askToContinue(seen, view, { least, all: false }) : null),
    take: takeJoined,
    act: actInForce,
  };
}
