/** @file A robot that moves in real time: a simulated arm, servos on a serial bus, a ROS graph. */

import type { Embodiment } from './embodiment.ts';
import type { Image } from './observation.ts';

/** One measurement of one sensor. */
export interface Measurement {
  /** A camera's name, or `state` for proprioception. */
  readonly sensor: string;
  /** When it was taken, seconds on the clock that the robot was opened with. */
  readonly time: number;
  /** An image of a camera; `embodiment.state.names.length` values of the state. Whoever hears it owns it. */
  readonly value: Image | Float32Array;
}

/**
 * A body with motors. Nothing but the safety gate (`src/runtime/safety`) calls `actuate` or `stop`: an architecture test holds the code to it.
 * Every method rejects with `io` when the link is down.
 */
export interface Robot {
  readonly name: string;
  readonly embodiment: Embodiment;
  /** Powers up and measures; `hear` is called with every measurement until `close`. Does not move. */
  connect(hear: (measurement: Measurement) => void): Promise<void>;
  /** Sends one action, in the embodiment's units, that is in force until the next one. */
  actuate(action: Float32Array): Promise<void>;
  /**
   * The safest standstill this body has, without any policy: brakes, or torque off where it cannot fall. It overtakes what `actuate` has not
   * sent yet, which is then never sent. May be called again.
   */
  stop(): Promise<void>;
  close(): Promise<void>;
}
