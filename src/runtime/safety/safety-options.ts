/** @file How a safety gate is set: what has no default must be decided for the robot at hand. */

import type { Clock } from '../../base/clock.ts';
import type { MotionLimits } from '../../interfaces/motion-limits.ts';
import type { FrozenBounds } from './frozen-sensors.ts';
import type { LinkBounds } from './link.ts';
import type { LimitBreach } from './motion-limiter.ts';

/**
 * `idle`: not connected. `ready`: connected, stands still, was told nothing since the last reset. `moving`: follows what is wanted.
 * `holding`: comes to a standstill, or stands, because nothing that may be followed is wanted. `stopped`: the safe stop is in force until a
 * human releases it.
 */
export type SafetyState = 'idle' | 'ready' | 'moving' | 'holding' | 'stopped';

/** A gate's settings. */
export interface SafetyOptions {
  readonly clock: Clock;
  /** A robot without is refused. */
  readonly limits: MotionLimits | null;
  /** Most ticks between an observation and an action that follows from it. */
  readonly oldestAction: number;
  /** The robot moves only while `enable` was called within so many seconds; null: nobody watches (simulations). */
  readonly deadMan: number | null;
  /** Limits that are not clipped to: an action that breaks one of them is refused, and the robot holds. Default: none. */
  readonly refuse?: readonly LimitBreach['kind'][];
  /** How long a sensor may repeat itself while the robot moves, seconds. Default: a camera 1, the state 0.5. */
  readonly frozen?: FrozenBounds;
  /** Tries and time for one action. Default: 3 tries in one control period. */
  readonly link?: LinkBounds;
  /** Nobody asked for an action for so many seconds: the safe stop. Before, the robot holds. Default 1, and 4 control periods at least. */
  readonly silence?: number;
  /** Held for so many seconds on end: the safe stop. Default 30. */
  readonly patience?: number;
  /** Hears every change of state, with its reason. */
  readonly onState?: (state: SafetyState, reason: string) => void;
}
