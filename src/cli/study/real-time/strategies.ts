/** @file The strategies of real-time execution as plain data, by name. */

import { lookUp } from '../../../base/errors.ts';
import type { PredictState } from '../../../runtime/strategies/index.ts';
import {
  alignedAsynchronous,
  continued,
  futureState,
  naiveAsynchronous,
  synchronous,
} from '../../../runtime/strategies/index.ts';
import type { Strategy } from '../../../runtime/strategy.ts';
import type { StrategyChoice } from '../../../../recipes/studies/measurement-config.ts';
import { handAhead } from './hand-ahead.ts';

/** How the state of a built-in world's robot is rolled forward. */
const PREDICTORS: Readonly<Record<string, PredictState>> = { tabletop: handAhead };

/** The strategy for the robot of a world. Throws `bad-argument`, or `not-found` for a name that is none. */
export function strategyOf({ kind, execute }: StrategyChoice, world: string): Strategy {
  const table: Readonly<Record<StrategyChoice['kind'], () => Strategy>> = {
    synchronous: () => synchronous({ execute }),
    'naive-asynchronous': () => naiveAsynchronous({ execute }),
    'aligned-asynchronous': () => alignedAsynchronous({ execute }),
    continued: () => continued({ execute }),
    'future-state': () =>
      futureState({ execute, predictState: lookUp('state prediction of world', world, PREDICTORS) }),
  };
  return lookUp<() => Strategy>('strategy', kind, table)();
}
