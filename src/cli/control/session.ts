/** @file A session of `vlakit control`: opens robot and policy, decides where the loop runs, plays the episodes, records them. */

import process from 'node:process';
import { SimulatedClock, systemClock, type Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import type { ModuleCall } from '../../base/user-module.ts';
import { openPolicy } from '../../benchmarks/player.ts';
import { chooseTasks, unseenSeed } from '../../benchmarks/protocol.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Environment, ExpertEnvironment } from '../../interfaces/environment.ts';
import type { LoopListener } from '../../interfaces/loop-listener.ts';
import type { MotionLimits } from '../../interfaces/motion-limits.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { recordedPolicy } from '../../recording/recorded-policy.ts';
import type { Recorder } from '../../recording/recorder.ts';
import type { TickListener } from '../../runtime/control-loop.ts';
import { constantLatency, withLatency, type LatencyModel } from '../../runtime/latency-model.ts';
import { deadManWire, press, type DeadManWire } from '../../runtime/safety/dead-man.ts';
import { checkLimits } from '../../runtime/safety/check-limits.ts';
import { openWorld, type WorldChoice } from '../../simulation/worlds.ts';
import { openRecorders, type PlayRecordingOptions } from '../recording/play-recording.ts';
import { openModuleRobot, type RobotChoice } from './controlled-robot.ts';
import { ENABLED_SECONDS, type DeadManSwitch } from './dead-man-switch.ts';
import { followedWorld, plannedExpert } from './planned-expert.ts';
import { playControlled, type ControlReport, type EpisodePlan } from './play-episode.ts';
import { chosenStrategy, type StrategyChoice } from './strategy-choice.ts';

/** Which body. */
export type SessionRobot =
  | { readonly kind: 'world'; readonly world: WorldChoice; readonly task: string }
  | { readonly kind: 'module'; readonly call: ModuleCall };

/** What is played. */
export interface ControlSession {
  readonly robot: SessionRobot;
  /** `expert`: the world's own, which needs no checkpoint. `alone`: it opens without its robot. */
  readonly policy:
    | { readonly kind: 'expert' }
    | { readonly kind: 'module'; readonly call: ModuleCall; readonly alone: boolean };
  readonly limits: MotionLimits | null;
  /** Held while the robot may move; null: nobody watches. */
  readonly deadMan: DeadManSwitch | null;
  readonly strategy: StrategyChoice;
  readonly instruction: string | null;
  readonly latency: LatencyModel | null;
  readonly simulatedTime: boolean;
  /** Of one episode; null: until its outcome is known. */
  readonly seconds: number | null;
  readonly episodes: number;
  /** Episode i has the world's unseen seed `seed + i`, and the policy's stream `seed + i`. */
  readonly seed: number;
  readonly recording: PlayRecordingOptions;
  readonly onTick: TickListener;
  readonly onEpisode: (report: ControlReport) => void;
  /** Hears once where the loop runs, and why. */
  readonly onPlace: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Plays all episodes, or until `signal` is aborted; the robot stands and the files are closed when it ends. */
export async function controlSession(session: ControlSession): Promise<void> {
  const clock: Clock = session.simulatedTime ? new SimulatedClock() : systemClock;
  const { place, why } = placeOf(session);
  const body = await openBody(session, clock);
  try {
    const { embodiment } = body;
    // Before any weights are loaded.
    checkLimits(embodiment, session.limits);
    chosenStrategy(session.strategy, embodiment);
    session.onPlace(`the loop runs in ${place}${why}`);
    const wire = session.deadMan === null ? null : deadManWire(ENABLED_SECONDS);
    const held = (await session.deadMan?.(() => press(wire!))) ?? null;
    try {
      await playAll(session, body, clock, place, wire);
    } finally {
      await held?.close();
    }
  } finally {
    await body.close();
  }
}

interface Body {
  readonly embodiment: Embodiment;
  /** Null for a module's robot. */
  readonly environment: Environment | null;
  close(): Promise<void>;
}

function placeOf({ robot, policy, simulatedTime }: ControlSession): { place: EpisodePlan['place']; why: string } {
  const here = (why: string) => ({ place: 'this thread' as const, why: `: ${why}` });
  if (simulatedTime) return here('time is simulated');
  if (policy.kind === 'expert') return here('the expert sees the world itself');
  if (robot.kind === 'module' && !policy.alone) return here('the policy is opened for this robot');
  return { place: 'its thread', why: '' };
}

/** The world, in this thread; where the loop has its own, it opens another, and of this one only the description is used. */
async function openBody({ robot, policy }: ControlSession, clock: Clock): Promise<Body> {
  if (robot.kind === 'module') {
    // Opened for its description; each loop opens its own, and only that is connected.
    const { embodiment } = await openModuleRobot(robot.call, clock);
    return { embodiment, environment: null, close: async () => {} };
  }
  const world = await openWorld(robot.world);
  try {
    chooseTasks([robot.task], world.tasks);
  } catch (error) {
    await world.close();
    throw error;
  }
  const environment = policy.kind === 'expert' ? followedWorld(world) : world;
  return { embodiment: world.embodiment, environment, close: () => world.close() };
}

async function openPlayer({ robot, policy }: ControlSession, body: Body): Promise<Policy> {
  if (policy.kind === 'module') {
    const { embodiment } = body;
    // What policies of modules and servers ask of an environment is the robot in it.
    const environment = body.environment ?? ({ name: embodiment.name, embodiment } as Environment);
    return openPolicy(policy.call, environment);
  }
  if (robot.kind !== 'world') {
    throw new VlaError('unsupported', 'control: expected a built-in world for "expert", got a robot of a module.', {
      hint: 'Name a checkpoint or a policy server.',
    });
  }
  const twin: ExpertEnvironment = await openWorld({ ...robot.world, imageSize: 16 });
  return plannedExpert(body.environment as ReturnType<typeof followedWorld>, twin);
}

async function playAll(
  session: ControlSession,
  body: Body,
  clock: Clock,
  place: EpisodePlan['place'],
  deadMan: DeadManWire | null,
): Promise<void> {
  const { latency, simulatedTime, recording, signal, seed, seconds, episodes } = session;
  const player = await openPlayer(session, body);
  const zero = simulatedTime ? Date.now() / 1000 : performance.timeOrigin / 1000;
  const model = latency ?? (simulatedTime ? constantLatency(0) : null);
  const about = { policy: player.name, robot: body.embodiment.name, ...recording.about };
  let recorders: Recorder[] = [];
  try {
    recorders = await openRecorders(recording, { embodiment: body.embodiment, zero, about });
    const recorder = allOf(recorders);
    const policy = recordedPolicy(model === null ? player : withLatency(player, clock, model), recorder, clock);
    for (let i = 0; i < episodes && !signal.aborted; i++) {
      const report = await playControlled({
        controlled: {
          robot: robotOf(session.robot, unseenSeed(seed + i)),
          limits: session.limits,
          strategy: session.strategy,
          deadMan,
        },
        policy,
        seed: seed + i,
        instruction: session.instruction,
        ticks: seconds === null ? null : Math.max(1, Math.round(seconds * body.embodiment.controlHz)),
        clock,
        environment: place === 'this thread' ? body.environment : null,
        place,
        records: recorders.length > 0 ? 'all' : 'numbers',
        onTick: (record) => {
          // The thread's clock has a zero of its own, and its ticks come by the calendar.
          const time = place === 'its thread' ? record.time - zero : record.time;
          recorder.tick({ ...record, epoch: i, time });
          session.onTick(record);
        },
        signal,
      });
      session.onEpisode(report);
    }
  } finally {
    const summaries = await Promise.all(recorders.map((recorder) => recorder.close()));
    await player.close();
    for (const { told, lost } of summaries.slice(0, 1))
      process.stderr.write(`recorded ${told} records, dropped ${lost}\n`);
  }
}

function robotOf(robot: SessionRobot, seed: number): RobotChoice {
  if (robot.kind === 'module') return robot;
  return { kind: 'world', world: robot.world, episode: { task: robot.task, seed } };
}

function allOf(listeners: readonly LoopListener[]): LoopListener {
  return {
    episode: (start) => listeners.forEach((listener) => listener.episode(start)),
    tick: (record) => listeners.forEach((listener) => listener.tick(record)),
    inference: (record) => listeners.forEach((listener) => listener.inference(record)),
    measurement: (measurement) => listeners.forEach((listener) => listener.measurement(measurement)),
  };
}
