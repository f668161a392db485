/**
 * @file Plays a benchmark's episodes while the world keeps moving: in simulated time, an inference takes as long as it is told or as it really took, and
 * a strategy says what the robot does meanwhile. In a worker thread.
 */

import { SimulatedClock } from '../../../base/clock.ts';
import { VlaError } from '../../../base/errors.ts';
import type { ModuleCall } from '../../../base/user-module.ts';
import { workerUrl } from '../../../base/worker-url.ts';
import { hashText } from '../../../benchmarks/play-episode.ts';
import type { OpenPlayer } from '../../../benchmarks/player.ts';
import { policyInEpisode } from '../../../benchmarks/policy-errors.ts';
import type { Embodiment } from '../../../interfaces/embodiment.ts';
import type { Environment, EpisodeSpec } from '../../../interfaces/environment.ts';
import type { MotionLimits } from '../../../interfaces/motion-limits.ts';
import type { Policy } from '../../../interfaces/policy.ts';
import { constantLatency, inWholePeriods, measuredLatency } from '../../../runtime/latency-model.ts';
import { runEpisode } from '../../../runtime/run-episode.ts';
import { openGate } from '../../../runtime/safety/safety-gate.ts';
import { NOISELESS, SimulatedRobot } from '../../../runtime/simulated-robot.ts';
import { chosenStrategy } from '../../control/strategy-choice.ts';
import { Heard, metricsOf } from '../../study/real-time/heard.ts';

/** What a thread plays with. */
export interface LatencyPlay {
  /** As on the command line of `vlakit control`. */
  readonly strategy: string;
  /** Actions of a chunk before the next one is asked for. */
  readonly execute: number | 'half';
  /** Milliseconds on the robot's clock, or as long as each inference really takes; counted in whole control periods, as the world moves. */
  readonly latencyMs: number | 'measured';
}

/** Longer than any episode, seconds: a benchmark's robot waits as long as its policy thinks. */
const FOR_EVER = 1e6;

/** Names the player for `evaluate`. */
export function latencyPlayer(options: LatencyPlay): ModuleCall {
  return { module: workerUrl(import.meta.url, './player').href, options };
}

/** The entry that a worker opens. */
export const openPlayer: OpenPlayer<LatencyPlay> = async ({ strategy, execute, latencyMs }, environment, opened) => {
  const limits = noLimits(environment.embodiment);
  const latency = inWholePeriods(
    latencyMs === 'measured' ? measuredLatency() : constantLatency(latencyMs / 1000),
    environment.embodiment.controlHz,
  );
  let count: number | null = execute === 'half' ? null : execute;
  let warm = false;
  return async ({ spec, noiseSeed, instructionOf }, hooks) => {
    if (instructionOf !== null) {
      throw new VlaError('bad-argument', '--latency: expected episodes with their own instruction, got "shuffled".', {
        hint: 'Play other conditions.',
      });
    }
    const policy = policyInEpisode(withinRange(opened), `${spec.task}, seed ${spec.seed}`);
    if (!warm) {
      // The first inference is often the slowest by far, and says how long chunks are.
      const horizon = await warmUp(environment, policy, spec);
      count ??= Math.ceil(horizon / 2);
      if (count > horizon) throw tooMany(count, horizon);
      warm = true;
    }
    const clock = new SimulatedClock();
    const robot = new SimulatedRobot({ environment, clock });
    const stop = new AbortController();
    const heard = new Heard(() => {
      if (hooks.stopped?.() === true) stop.abort();
    });
    const ticks = Math.ceil(FOR_EVER * robot.embodiment.controlHz);
    const gate = openGate(robot, {
      clock,
      limits,
      oldestAction: ticks,
      deadMan: null,
      frozen: NOISELESS,
      patience: FOR_EVER,
    });
    const report = await runEpisode({
      robot,
      gate,
      policy: heard.listening(policy, hooks),
      strategy: chosenStrategy({ name: strategy, execute: count! }, robot.embodiment),
      clock,
      latency,
      episode: spec,
      seed: noiseSeed,
      loop: {
        failuresInRow: 1,
        inferenceTimeout: FOR_EVER,
        longestAge: ticks,
      },
      onTick: (record) => heard.tick(record),
      signal: stop.signal,
    }).catch((error: unknown) => {
      throw heard.error ?? error;
    });
    const { outcome, instruction, ticks: length } = report;
    if (outcome === 'running') return null;
    const { hash, latenciesMs } = heard;
    const metrics = metricsOf(report, heard);
    return { instruction, outcome, length, actionsHash: hashText(hash), latenciesMs, metrics };
  };
};

async function warmUp(environment: Environment, policy: Policy, spec: EpisodeSpec): Promise<number> {
  await environment.reset(spec);
  await policy.reset({ seed: 0 });
  const observation = await environment.observe();
  return (await policy.infer({ ...observation, tick: 0 })).horizon;
}

/** Actions as the environment itself would clip them: a gate refuses those that are far outside, and a benchmark changes nothing. */
function withinRange(policy: Policy): Policy {
  const { low, high } = policy.embodiment.action;
  if (low === undefined || high === undefined) return policy;
  return {
    name: policy.name,
    embodiment: policy.embodiment,
    ...(policy.continues === undefined ? {} : { continues: policy.continues }),
    reset: (episode) => policy.reset(episode),
    async infer(observation, options) {
      const chunk = await policy.infer(observation, options);
      const clip = (value: number, i: number): number =>
        Math.min(high[i % chunk.dim]!, Math.max(low[i % chunk.dim]!, value));
      return { ...chunk, data: chunk.data.map(clip) };
    },
    close: () => policy.close(),
  };
}

/** Limits that hold nothing back: in a benchmark the policy is measured, and nobody is near the robot. */
function noLimits({ name, action, holdAction }: Embodiment): MotionLimits {
  return {
    embodiment: name,
    axes: action.names.map((axis) => ({
      name: axis,
      kind: 'gripper',
      position: [-FOR_EVER, FOR_EVER],
      velocity: null,
    })),
    workspaces: [],
    hold: holdAction === null || action.convention.reference === 'absolute' ? 'last-target' : 'hold-action',
    derived: [],
  };
}

function tooMany(execute: number, horizon: number): VlaError {
  return new VlaError('bad-argument', `--execute: expected at most ${horizon} actions of a chunk, got ${execute}.`, {
    hint: 'Choose another number, or "half".',
  });
}
