/** @file Teleoperation of a simulated world: a human's actions pass the gate at the control rate; successes are kept as demonstrations. */

import type { Clock } from '../../base/clock.ts';
import type { LeRobotWriter } from '../../data/lerobot/writer.ts';
import type { ExpertEnvironment, Outcome } from '../../interfaces/environment.ts';
import type { Observation } from '../../interfaces/observation.ts';
import { DemonstrationFrames } from '../recording/demonstration-frames.ts';
import type { Controls } from './controls.ts';
import { EnvironmentGate } from './environment-gate.ts';
import type { HumanInput } from './human-input.ts';

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
  const { environment, signal, writer } = options;
  const gate = new EnvironmentGate(environment);
  await gate.connect();
  let [episodes, successes, frames] = [0, 0, 0];
  while (!signal.aborted && (options.successes === null || successes < options.successes)) {
    const played = await playEpisode(gate, options, episodes, successes);
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

async function playEpisode(
  gate: EnvironmentGate,
  { environment, controls, input, clock, tasks, seed, show, signal }: SessionOptions,
  episode: number,
  kept: number,
): Promise<Played> {
  const task = tasks[episode % tasks.length]!;
  await environment.reset({ task, seed: seed(episode) });
  gate.reset();
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
    const passed = await gate.pass(wanted, at);
    known?.(passed.action);
    if (gate.outcome === 'timeout' && 'ask' in environment) {
      (environment as unknown as Patient).ask(observation.instruction);
      gate.outcome = 'running';
    }
    const { outcome } = gate;
    observation = await environment.observe();
    const shown = { observation, task, tick: tick + 1, outcome, kept: outcome === 'success' ? kept + 1 : kept };
    show({ ...shown, action: passed.action, interventions: passed.interventions });
    if (outcome !== 'running') return { end: outcome, frames };
  }
}
