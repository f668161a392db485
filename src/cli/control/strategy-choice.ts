/** @file A strategy by its name on the command line, so that each thread makes its own. */

import { lookUp, VlaError } from '../../base/errors.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import {
  alignedAsynchronous,
  continued,
  futureState,
  lastActionAsState,
  naiveAsynchronous,
  synchronous,
  temporalEnsembling,
} from '../../runtime/strategies/index.ts';
import type { Strategy } from '../../runtime/strategy.ts';

/** Which, and T_e: actions of a chunk before the next one is asked for. */
export interface StrategyChoice {
  readonly name: string;
  readonly execute: number;
}

const STRATEGIES: Readonly<Record<string, (execute: number, robot: Embodiment) => Strategy>> = {
  synchronous: (execute) => synchronous({ execute }),
  'naive-asynchronous': (execute) => naiveAsynchronous({ execute }),
  'aligned-asynchronous': (execute) => alignedAsynchronous({ execute }),
  continued: (execute) => continued({ execute }),
  'future-state': (execute, robot) => {
    requireTargets(robot);
    return futureState({ execute, predictState: lastActionAsState });
  },
  'temporal-ensembling': (execute) => temporalEnsembling({ every: execute }),
};

/** What `--strategy` may be. */
export const STRATEGY_NAMES: readonly string[] = Object.keys(STRATEGIES);

/** The strategy for a robot; throws `unsupported` where its actions do not allow it. */
export function chosenStrategy({ name, execute }: StrategyChoice, robot: Embodiment): Strategy {
  return lookUp('strategy', name, STRATEGIES)(execute, robot);
}

/** What is not yet done is known only of robots that are told where to be. */
function requireTargets({ name, action, state }: Embodiment): void {
  if (action.convention.reference === 'absolute' && action.names.join() === state.names.join()) return;
  throw new VlaError(
    'unsupported',
    `--strategy future-state: expected a robot whose action is the state to go to, got ${name}.`,
    { hint: 'Take "continued", or give the strategy a prediction of the state in a program of your own.' },
  );
}
