/** @file Plays episodes in simulated time, behind the safety gate, while inference takes as long as it is told; in a worker thread. */

import { SimulatedClock } from '../../../base/clock.ts';
import { lookUp } from '../../../base/errors.ts';
import type { ModuleCall } from '../../../base/user-module.ts';
import { workerUrl } from '../../../base/worker-url.ts';
import { hashText } from '../../../benchmarks/play-episode.ts';
import type { OpenPlayer } from '../../../benchmarks/player.ts';
import { constantLatency, drawnLatency } from '../../../runtime/latency-model.ts';
import { runEpisode } from '../../../runtime/run-episode.ts';
import { SimulatedRobot } from '../../../runtime/simulated-robot.ts';
import { openGate } from '../../../runtime/safety/safety-gate.ts';
import { WORLD_LIMITS } from '../../../../recipes/motion-limits.ts';
import type { LatencyChoice, StrategyChoice } from '../../../../recipes/studies/measurement-config.ts';
import { Heard, metricsOf } from './heard.ts';
import { strategyOf } from './strategies.ts';

/** What a thread plays with. */
export interface RealTimePlay {
  /** A built-in world, whose limits of motion the gate holds to. */
  readonly world: string;
  readonly strategy: StrategyChoice;
  readonly latency: LatencyChoice;
}

/** Older actions are refused, as the loop itself expires them. */
const OLDEST_SECONDS = 3;

/** Names the player for `evaluate`. */
export function realTimePlayer(options: RealTimePlay): ModuleCall {
  return { module: workerUrl(import.meta.url, './player').href, options };
}

/** The entry that a worker opens. */
export const openPlayer: OpenPlayer<RealTimePlay> = async ({ world, strategy, latency }, environment, policy) => {
  const limits = lookUp('limits of world', world, WORLD_LIMITS);
  const { seconds, spread } = latency;
  return async ({ spec, noiseSeed }, hooks) => {
    const clock = new SimulatedClock();
    const robot = new SimulatedRobot({ environment, clock });
    const oldestAction = Math.ceil(OLDEST_SECONDS * robot.embodiment.controlHz);
    const stop = new AbortController();
    const heard = new Heard(() => {
      if (hooks.stopped?.() === true) stop.abort();
    });
    const report = await runEpisode({
      robot,
      gate: openGate(robot, { clock, limits, oldestAction, deadMan: null }),
      policy: heard.listening(policy, hooks),
      strategy: strategyOf(strategy, world),
      clock,
      latency: spread === 0 ? constantLatency(seconds) : drawnLatency(seconds, spread),
      episode: spec,
      seed: noiseSeed,
      onTick: (record) => heard.tick(record),
      signal: stop.signal,
    });
    const { outcome, instruction, ticks } = report;
    if (outcome === 'running') return null;
    const { hash, latenciesMs } = heard;
    const metrics = metricsOf(report, heard);
    return { instruction, outcome, length: ticks, actionsHash: hashText(hash), latenciesMs, metrics };
  };
};
