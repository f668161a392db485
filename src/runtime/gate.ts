/** @file The seam between a control loop and a robot: everything that the robot is told passes a gate, which alone sends it. */

import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { Measurement } from '../interfaces/robot.ts';
import type { ActionSource } from '../interfaces/tick-record.ts';

/** What is known when an action is asked for. */
export interface GateMoment {
  /** Seconds on the loop's clock, now. */
  readonly time: number;
  /** When this tick was due; left out: now. The gate keeps this caller’s beat from it, and trusts only its own clock. */
  readonly due?: number;
  /** Control periods since the episode began; goes back to 0 at a reset. */
  readonly tick: number;
  /** Ticks between the observation that the wanted action follows from and now; null where nothing is wanted. */
  readonly age: number | null;
  /** What is seen at this tick, on one timeline; null while a sensor is silent or too old. */
  readonly observation: Observation | null;
  /** Who wants the action; left out: a chunk of the policy. */
  readonly from?: 'chunk' | 'teleoperation';
}

/** What the robot was told. */
export interface Passed {
  /** Embodiment units; whoever hears it owns it. */
  readonly action: Float32Array;
  readonly source: ActionSource;
  /** Why what was wanted was changed or refused; empty where it was not. */
  readonly interventions: readonly string[];
}

/**
 * A robot behind its gate. A control loop calls `connect` once, then `reset` before each episode and `pass` exactly once per tick, one call
 * at a time, and `close` at the end. Whoever wants a standstill calls `stop`, at any time.
 */
export interface Gate {
  readonly name: string;
  readonly embodiment: Embodiment;
  /**
   * Connects the robot, which does not move; `hear` gets its measurements until `close`. Rejects with `mismatch` where the robot lacks what a
   * safe run needs (a hold action, limits).
   */
  connect(hear: (measurement: Measurement) => void): Promise<void>;
  /** A new episode begins at tick 0. What was told before stays the reference for speeds; a safe stop stays in force. */
  reset(): void;
  /**
   * Tells the robot the wanted action, or a safe one instead; `null` wants the robot to hold still. Resolves when it is sent. Rejects
   * (with `io`) only where the robot cannot be told anything: the loop ends then.
   */
  pass(wanted: Float32Array | null, at: GateMoment): Promise<Passed>;
  /** The safe stop, in force from now on; `reason` is said in the interventions of the ticks that follow. */
  stop(reason: string): Promise<void>;
  /** Brings the robot to a standstill and disconnects it; calling it again does nothing. */
  close(): Promise<void>;
}
