/** @file Plays episodes in simulated time, behind the safety gate, while inference takes as long as it is told; in a worker thread. */

import { SimulatedClock } from '../../../base/clock.ts';
import { lookUp } from '../../../base/errors.ts';
import type { ModuleCall } from '../../../base/user-module.ts';
import { workerUrl } from '../../../base/worker-url.ts';
import { FNV_OFFSET, fnv1a, hashText, type PlayHooks } from '../../../benchmarks/play-episode.ts';
import type { OpenPlayer } from '../../../benchmarks/player.ts';
import type { Policy } from '../../../interfaces/policy.ts';
import type { TickRecord } from '../../../interfaces/tick-record.ts';
import { constantLatency, drawnLatency } from '../../../runtime/latency-model.ts';
import { runEpisode, type EpisodeReport } from '../../../runtime/run-episode.ts';
import { SimulatedRobot } from '../../../runtime/simulated-robot.ts';
import { openGate } from '../../../runtime/safety/safety-gate.ts';
import { WORLD_LIMITS } from '../../../../recipes/motion-limits.ts';
import type { LatencyChoice, StrategyChoice } from '../../../../recipes/studies/measurement-config.ts';
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

/** What is heard of an episode while it is played. */
class Heard {
  hash = FNV_OFFSET;
  /** Ticks in which the gate changed or refused what was wanted, or stood still for good. */
  changed = 0;
  readonly latenciesMs: number[] = [];
  private readonly each: () => void;

  constructor(each: () => void) {
    this.each = each;
  }

  tick({ action, interventions }: TickRecord): void {
    this.hash = fnv1a(this.hash, action);
    if (interventions.length > 0) this.changed++;
    this.each();
  }

  /** The policy, its inferences timed and announced to the watchdog. */
  listening(policy: Policy, hooks: PlayHooks): Policy {
    return {
      name: policy.name,
      embodiment: policy.embodiment,
      ...(policy.continues === undefined ? {} : { continues: policy.continues }),
      reset: (episode) => policy.reset(episode),
      infer: async (observation, options) => {
        hooks.inferring?.(true);
        const start = performance.now();
        try {
          return await policy.infer(observation, options);
        } finally {
          this.latenciesMs.push(performance.now() - start);
          hooks.inferring?.(false);
        }
      },
      close: () => policy.close(),
    };
  }
}

/** What one episode measured; what it cannot say is left out. */
function metricsOf(report: EpisodeReport, { changed }: Heard): Record<string, number> {
  const { seconds, ticks, idle, handJerk, actionJerk, seams, within, counters } = report;
  const { inferences, failed, discarded, late } = counters;
  const known = {
    seconds,
    idle: idle / ticks,
    handJerk,
    actionJerk,
    seam: seams.mean,
    step: within.mean,
    // Not those that were under way when the episode ended.
    unused: (failed + discarded) / inferences,
    late: late / inferences,
    inferences,
    changed: changed / ticks,
  };
  return Object.fromEntries(Object.entries(known).filter((pair): pair is [string, number] => pair[1] !== null));
}
