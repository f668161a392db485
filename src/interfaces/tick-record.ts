/** @file What happened in one tick of a control loop, for recorders, live views and counters. */

import type { Observation } from './observation.ts';

/** Where an action came from. `hold`: nothing fresh was there; `stop`: the safe stop was in force; `teleoperation`: a human. */
export type ActionSource = 'chunk' | 'hold' | 'stop' | 'teleoperation';

/** One control period. */
export interface TickRecord {
  /** Control periods since the episode began. */
  readonly tick: number;
  /** Counts resets: no action of an earlier epoch is executed in a later one. */
  readonly epoch: number;
  /** When the action was handed to the gate, seconds on the loop's clock. */
  readonly time: number;
  /** Seconds from when the tick was due until the robot was told: lateness of the loop, a wait for the period's turn, the link. */
  readonly late: number;
  /** What was seen, on one timeline; null in the ticks before every sensor has spoken. */
  readonly observation: Observation | null;
  /** What the strategy asked for, embodiment units; null where it had nothing. */
  readonly wanted: Float32Array | null;
  /** What the robot was told, behind the safety gate. */
  readonly action: Float32Array;
  readonly source: ActionSource;
  /** Ticks between the observation that the action follows from and now; null where it follows from none. */
  readonly age: number | null;
  /** Why the gate changed or refused what was wanted; empty where it did not. */
  readonly interventions: readonly string[];
}
