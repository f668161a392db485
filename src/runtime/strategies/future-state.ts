/**
 * @file Future-state conditioning (VLASH, Tang et al. 2025): the policy is given the state that the robot will be in when the chunk takes
 * over, rolled forward by the committed actions; the images stay those of now.
 */

import { VlaError } from '../../base/errors.ts';
import { actInForce, hasExecuted, type Strategy } from '../strategy.ts';
import { checkExecute } from './execute.ts';

/**
 * The state after `count` actions, row-major [count, dim], from `state`, all in the embodiment's units. What is handed in stays as it is.
 */
export type PredictState = (state: Float32Array, actions: Float32Array, count: number) => Float32Array;

/** For robots whose action is the state to go to, number by number: the last committed action is the state to come. */
export const lastActionAsState: PredictState = (state, actions, count) => {
  if (count === 0) return state.slice();
  const dim = actions.length / count;
  if (dim !== state.length) {
    throw new VlaError(
      'mismatch',
      `future state: expected actions of the state's ${state.length} numbers, got ${dim} per action.`,
      { hint: 'Give a function that predicts the state of this robot.' },
    );
  }
  return actions.slice((count - 1) * dim, count * dim);
};

/** How the state is rolled forward. */
export interface FutureStateConfig {
  /** T_e: actions of a chunk before the next one is asked for. */
  readonly execute: number;
  readonly predictState: PredictState;
}

/** Action 0 of a chunk is for the tick of the predicted state, Δt after the images; the running chunk goes on until then. */
export function futureState({ execute, predictState }: FutureStateConfig): Strategy {
  const name = 'future-state';
  checkExecute(name, execute);
  return {
    name,
    joins: false,
    check: () => {},
    ask(seen, view) {
      if (!hasExecuted(execute, view)) return null;
      const { queue, tick, latency } = view;
      const ahead = queue.ahead(tick, latency);
      if (ahead === 0) return { observation: seen, observed: seen.tick };
      const state = predictState(seen.state, queue.upcoming(tick, ahead), ahead);
      return { observation: { ...seen, state, tick: seen.tick + ahead }, observed: seen.tick };
    },
    take(chunk, { observation, observed }, { queue, tick, epoch }) {
      queue.place(chunk, { epoch, observed, start: observation.tick }, tick);
    },
    act: actInForce,
  };
}
