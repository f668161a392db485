/** @file Temporal ensembling (ACT, Zhao et al. 2023): every tick's action is the weighted average of what all recent chunks have for it. */

import { VlaError } from '../../base/errors.ts';
import type { QueuedAction } from '../chunk-queue.ts';
import type { Strategy } from '../strategy.ts';
import { checkExecute } from './execute.ts';

/** How predictions are averaged. */
export interface EnsemblingConfig {
  /** Ticks between the observations of two inferences, at least; 1: whenever the policy is free. */
  readonly every: number;
  /** m: the i-th prediction, the oldest first, weighs e^(−m·i). 0 weighs all alike, below 0 prefers the newest; ACT takes 0.01. */
  readonly decay?: number;
  /** Predictions from observations that are older than this, in ticks, do not count; default: as long as their chunks last. */
  readonly longestAge?: number;
}

const ACT_DECAY = 0.01;

/** For actions whose average is an action: positions and deltas, not quaternions that flip. */
export function temporalEnsembling(config: EnsemblingConfig): Strategy {
  const name = 'temporal-ensembling';
  const every = checkExecute(name, config.every);
  const { decay = ACT_DECAY, longestAge = Infinity } = config;
  if (!Number.isFinite(decay)) {
    throw new VlaError('bad-argument', `${name}: expected a finite decay, got ${decay}.`);
  }
  return {
    name,
    joins: false,
    check: () => {},
    ask(seen, { queue, tick }) {
      const newest = queue.running(tick);
      const due = newest === null || tick >= newest.observed + every;
      return due ? { observation: seen, observed: seen.tick } : null;
    },
    take(chunk, { observed }, { queue, tick, epoch }) {
      queue.place(chunk, { epoch, observed, start: observed }, tick, 'merge');
    },
    act: ({ queue, tick }) =>
      average(
        queue.all(tick).filter(({ observed }) => tick - observed <= longestAge),
        decay,
      ),
  };
}

/** `predictions` in the order of their observations. */
function average(predictions: readonly QueuedAction[], decay: number): QueuedAction | null {
  const [oldest] = predictions;
  if (oldest === undefined) return null;
  const sums = new Float64Array(oldest.action.length);
  let total = 0;
  for (const [i, { action }] of predictions.entries()) {
    const weight = Math.exp(-decay * i);
    total += weight;
    for (const [k, value] of action.entries()) sums[k]! += weight * value;
  }
  return { action: Float32Array.from(sums, (sum) => sum / total), observed: oldest.observed };
}
