/** @file One episode of a simulated robot in real time, or in simulated time, where latency is given instead of measured. */

import { SimulatedClock, type Clock } from '../base/clock.ts';
import type { EpisodeSpec, Outcome } from '../interfaces/environment.ts';
import type { Policy } from '../interfaces/policy.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';
import { ControlLoop, type LoopConfig, type TickListener } from './control-loop.ts';
import type { Gate } from './gate.ts';
import { constantLatency, withLatency, type LatencyModel } from './latency-model.ts';
import type { LoopCounters } from './loop-counters.ts';
import { pathJerk, smoothness, type Smoothness } from './run-report.ts';
import type { SimulatedRobot } from './simulated-robot.ts';
import type { Strategy } from './strategy.ts';

/** Who plays what. */
export interface EpisodeConfig {
  readonly robot: SimulatedRobot;
  /** The gate in front of `robot`. */
  readonly gate: Gate;
  readonly policy: Policy;
  readonly strategy: Strategy;
  /** The robot's clock. With a `SimulatedClock` the episode takes as long as it computes, and repeats exactly. */
  readonly clock: Clock;
  /**
   * How long inferences take. Left out: none at all in simulated time; as long as they take in real time.
   */
  readonly latency?: LatencyModel;
  readonly episode: EpisodeSpec;
  /** The policy's noise. */
  readonly seed: number;
  /** What else the loop is told. */
  readonly loop?: Omit<LoopConfig, 'gate' | 'policy' | 'strategy' | 'clock'>;
  readonly onTick?: TickListener;
  readonly signal?: AbortSignal;
}

/** What happened. */
export interface EpisodeReport extends Smoothness {
  /** `running`: it was stopped. */
  readonly outcome: Outcome;
  readonly success: boolean;
  readonly instruction: string;
  /** Control periods, and what they took on the clock. */
  readonly ticks: number;
  readonly seconds: number;
  /** Ticks without anything wanted: the robot waited. */
  readonly idle: number;
  /** Root mean square of the jerk of the hand, m/s³; null where the environment does not say where it is. */
  readonly handJerk: number | null;
  readonly counters: LoopCounters;
}

/** By default a tick waits for a hundredth of its period: a policy without latency acts on what it just saw. */
const GRACE = 0.01;

/** Plays one episode until its outcome is known. */
export async function runEpisode(config: EpisodeConfig): Promise<EpisodeReport> {
  const { robot, gate, policy, strategy, clock, episode, seed, onTick, signal } = config;
  const latency = config.latency ?? (clock instanceof SimulatedClock ? constantLatency(0) : null);
  const { controlHz } = robot.embodiment;
  const loop = new ControlLoop({
    grace: GRACE / controlHz,
    ...config.loop,
    gate,
    policy: latency === null ? policy : withLatency(policy, clock, latency),
    strategy,
    clock,
  });
  const records: TickRecord[] = [];
  // Observations are large, and not needed for the report.
  loop.listen((record) => records.push({ ...record, observation: null }));
  if (onTick !== undefined) loop.listen(onTick);
  const over = new AbortController();
  const unwatch = robot.watch((outcome) => {
    if (outcome !== 'running') over.abort();
  });
  const start = clock.now();
  let end = start;
  const play = async (): Promise<void> => {
    const instruction = await robot.begin(episode);
    said = instruction;
    const signals = signal === undefined ? [over.signal] : [over.signal, signal];
    await loop.run({ seed, instruction }, { signal: AbortSignal.any(signals) });
    end = clock.now();
  };
  let said = '';
  try {
    await inTime(clock, play());
  } finally {
    unwatch();
  }
  if (loop.listenerErrors.length > 0) throw loop.listenerErrors[0];
  const { counters } = loop;
  const outcome = robot.outcome ?? 'running';
  return {
    outcome,
    success: outcome === 'success',
    instruction: said,
    ticks: counters.ticks,
    seconds: end - start,
    idle: counters.idle,
    ...smoothness(records, robot.embodiment),
    handJerk: pathJerk(robot.path, controlHz),
    counters,
  };
}

/** Waits for `work`; moves simulated time on meanwhile. */
export async function inTime<T>(clock: Clock, work: Promise<T>): Promise<T> {
  if (!(clock instanceof SimulatedClock)) return work;
  const state = { done: false };
  const watched = work.finally(() => (state.done = true));
  watched.catch(() => undefined);
  while (!state.done) await clock.advance(clock.now() + 1);
  return watched;
}
