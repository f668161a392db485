/** @file What a control loop counts. */

/** Sums since the loop was made. */
export interface LoopCounters {
  /** Control periods in which the robot was told something. */
  readonly ticks: number;
  /** Ticks without anything wanted: idle. */
  readonly idle: number;
  /** Ticks in which the robot was told to hold still. */
  readonly held: number;
  /** Control periods that passed while the loop was late: the action before stayed in force. */
  readonly missed: number;
  /** Ticks without an observation, because a sensor was silent or too old. */
  readonly blind: number;
  /** Actions that were not executed because they were older than the bound. */
  readonly expired: number;
  /** Inferences asked for. */
  readonly inferences: number;
  /** Of them: rejected, refused (a chunk that is misshapen or not finite) or out of time. */
  readonly failed: number;
  /** Of the failed ones: out of time. */
  readonly timedOut: number;
  /** Answers that came after they had been given up. */
  readonly dropped: number;
  /** Chunks of which nothing was used. */
  readonly discarded: number;
  /** Actions that were past when their chunk came. */
  readonly late: number;
  /** Chunks that took over from another one. */
  readonly switches: number;
  /** Episodes begun after the first. */
  readonly resets: number;
  /** Measurements that did not fit the robot. */
  readonly refusedMeasurements: number;
}

/** Those that the loop itself counts. */
export type OwnCounters = {
  -readonly [
    K in Exclude<keyof LoopCounters, 'dropped' | 'discarded' | 'late' | 'switches' | 'refusedMeasurements'>
  ]: LoopCounters[K];
};

/** Nothing yet. */
export function noCounts(): OwnCounters {
  return {
    ticks: 0,
    idle: 0,
    held: 0,
    missed: 0,
    blind: 0,
    expired: 0,
    inferences: 0,
    failed: 0,
    timedOut: 0,
    resets: 0,
  };
}
