/** @file Teleoperation of a simulated world: a human's actions pass the gate at the control rate; successes are kept as demonstrations. */

import type { Clock } from '../../base/clock.ts';
import type { LeRobotWriter } from '../../data/lerobot/writer.ts';
import type { ExpertEnvironment, Outcome } from '../../interfaces/environment.ts';
import type { MotionLimits } from '../../interfaces/motion-limits.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Gate } from '../../runtime/gate.ts';
import { openGate } from '../../runtime/safety/safety-gate.ts';
import { NOISELESS } from '../../runtime/simulated-robot.ts';
import { DemonstrationFrames } from '../recording/demonstration-frames.ts';
import type { Controls } from './controls.ts';
import type { HumanInput } from './human-input.ts';
import { SteppedRobot } from './stepped-robot.ts';

/** What is shown of a tick. */
export interface ShownTick {
  readonly observation: Observation;
  readonly task: string;
  /** Control periods since the episode began. */
  readonly tick: number;
  /** How the episode stands. */
  readonly outcome: Outcome;
  /** Demonstrations kept so far. */
  readonly kept: number;
  /** What the robot was told; null before the first action. */
  readonly action: Float32Array | null;
  readonly interventions: readonly string[];
}

/** What a session is made of. */
export interface SessionOptions {
  /** The caller closes it. */
  readonly environment: ExpertEnvironment;
  /** Of its robot: the gate holds the human to them. */
  readonly limits: MotionLimits;
  readonly controls: Controls;
  readonly input: HumanInput;
  readonly clock: Clock;
  /** Episode i is of task i modulo their number, with a seed of its own. */
  readonly tasks: readonly string[];
  seed(episode: number): number;
  /** Where demonstrations go; null: nowhere. */
  readonly writer: LeRobotWriter | null;
  /** Ends after so many successes; null: when the human quits. */
  readonly successes: number | null;
  show(shown: ShownTick): void;
  readonly signal: AbortSignal;
}

/** How a session ended. */
export interface SessionSummary {
  readonly episodes: number;
  readonly successes: number;
  /** Frames kept. */
  readonly frames: number;
}

/** A world that goes on beyond its time, as the tabletop does. */
interface Patient {
  ask(instruction: string): unknown;
}

/** Plays until the human quits, the successes are reached or the signal is aborted. */
export async function teleoperate(options: SessionOptions): Promise<SessionSummary> {
  const { signal, writer } = options;
  let [episodes, successes, frames] = [0, 0, 0];
  while (!signal.aborted && (options.successes === null || successes < options.successes)) {
    const played = await playEpisode(options, episodes, successes);
    episodes++;
    if (played.end === 'quit') break;
    if (played.end !== 'success') continue;
    successes++;
    frames += played.frames.length;
    if (writer !== null && played.frames.length > 0) await writer.addEpisode(played.frames.finish());
  }
  return { episodes, successes, frames };
}

interface Played {
  readonly end: Outcome | 'again' | 'quit';
  readonly frames: DemonstrationFrames;
}

/** An episode with a gate of its own: whatever stopped the last one, the human begins anew. */
async function playEpisode(options: SessionOptions, episode: number, kept: number): Promise<Played> {
  const { environment, limits, clock, tasks, seed } = options;
  const task = tasks[episode % tasks.length]!;
  await environment.reset({ task, seed: seed(episode) });
  const robot = new SteppedRobot(environment);
  // A human acts on what is seen now, and may rest for as long as they like.
  const gate = openGate(robot, {
    clock,
    limits,
    oldestAction: 1,
    deadMan: null,
    patience: Infinity,
    frozen: NOISELESS,
  });
  await gate.connect(() => {});
  try {
    return await drive(gate, robot, options, task, kept);
  } finally {
    await gate.close();
  }
}

async function drive(
  gate: Gate,
  robot: SteppedRobot,
  { environment, controls, input, clock, show, signal }: SessionOptions,
  task: string,
  kept: number,
): Promise<Played> {
  const frames = new DemonstrationFrames(environment);
  const period = 1 / environment.embodiment.controlHz;
  let observation = await environment.observe();
  controls.begin(observation.state);
  show({ observation, task, tick: 0, outcome: 'running', kept, action: null, interventions: [] });
  let due = clock.now();
  for (let tick = 0; ; tick++) {
    due = Math.max(due + period, clock.now());
    await clock.sleepUntil(due, signal).catch(() => undefined);
    const request = signal.aborted ? 'quit' : input.takeRequest();
    if (request !== null) return { end: request, frames };
    const wanted = controls.action(input, clock.now());
    const at = {
      time: clock.now(),
      tick,
      age: wanted === null ? null : 0,
      observation,
      from: 'teleoperation',
    } as const;
    // A demonstration begins with the first motion, and is of what the robot was told.
    const known = wanted !== null || frames.length > 0 ? frames.see(observation) : null;
    const before = robot.steps;
    robot.isTurn = true;
    const passed = await gate.pass(wanted, at);
    robot.isTurn = false;
    // What was not sent was not done.
    if (robot.steps > before) known?.(passed.action);
    if (robot.outcome === 'timeout' && 'ask' in environment) {
      (environment as unknown as Patient).ask(observation.instruction);
      robot.outcome = 'running';
    }
    const { outcome } = robot;
    observation = await environment.observe();
    const shown = { observation, task, tick: tick + 1, outcome, kept: outcome === 'success' ? kept + 1 : kept };
    show({ ...shown, action: passed.action, interventions: passed.interventions });
    if (outcome !== 'running') return { end: outcome, frames };
  }
}
