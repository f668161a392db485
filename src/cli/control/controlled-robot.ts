/** @file The robot of `vlakit control` behind the safety gate, opened in whichever thread its loop runs: a built-in world, or a module's robot. */

import type { Clock } from '../../base/clock.ts';
import { VlaError } from '../../base/errors.ts';
import { callModule, moduleName, type ModuleCall } from '../../base/user-module.ts';
import type { Environment, EpisodeSpec, Outcome } from '../../interfaces/environment.ts';
import type { MotionLimits } from '../../interfaces/motion-limits.ts';
import type { Robot } from '../../interfaces/robot.ts';
import { brakedGate } from '../../runtime/braked-gate.ts';
import type { LoopTask } from '../../runtime/loop-task.ts';
import { pathJerk } from '../../runtime/run-report.ts';
import { enabledGate, type DeadManWire } from '../../runtime/safety/dead-man.ts';
import { openGate } from '../../runtime/safety/safety-gate.ts';
import { NOISELESS, SimulatedRobot } from '../../runtime/simulated-robot.ts';
import type { ThreadParts } from '../../runtime/thread/loop-worker.ts';
import { openWorld, type WorldChoice } from '../../simulation/worlds.ts';
import { chosenStrategy, type StrategyChoice } from './strategy-choice.ts';

/** What moves. */
export type RobotChoice =
  | { readonly kind: 'world'; readonly world: WorldChoice; readonly episode: EpisodeSpec }
  | { readonly kind: 'module'; readonly call: ModuleCall };

/** All that a thread needs to know. */
export interface ControlledOptions {
  readonly robot: RobotChoice;
  readonly limits: MotionLimits | null;
  readonly strategy: StrategyChoice;
  /** Null: nobody has to hold anything. */
  readonly deadMan: DeadManWire | null;
}

/** How the episode of a world ended. */
export interface WorldEnd {
  /** `running`: it was stopped. */
  readonly outcome: Outcome;
  readonly instruction: string;
  /** Root mean square of the jerk of the hand, m/s³; null where the world does not say where it is. */
  readonly handJerk: number | null;
}

/** No action is older than this when it is executed, seconds; of slow robots, than what is executed of a chunk and a second more. */
const OLDEST_SECONDS = 3;
/** The share of a period that a tick waits for a policy without latency. */
const GRACE = 0.01;

/** The entry of the loop's thread, which ends with it. */
export function openRobot(options: ControlledOptions, clock: Clock): Promise<ThreadParts> {
  return openControlled(options, clock, null);
}

/** Puts gate and strategy before the robot. `environment`: the world where it is open already; whoever opened it closes it. */
export async function openControlled(
  { robot: choice, limits, strategy, deadMan }: ControlledOptions,
  clock: Clock,
  environment: Environment | null,
): Promise<ThreadParts> {
  const body =
    choice.kind === 'module'
      ? { robot: await openModuleRobot(choice.call, clock), task: null }
      : simulated(environment ?? (await openWorld(choice.world)), choice.episode, clock);
  const { embodiment } = body.robot;
  const { controlHz } = embodiment;
  const oldest = Math.ceil(Math.max(OLDEST_SECONDS * controlHz, strategy.execute + controlHz));
  const gate = openGate(body.robot, {
    clock,
    limits,
    oldestAction: oldest,
    deadMan: deadMan?.seconds ?? null,
    ...(choice.kind === 'world' ? { frozen: NOISELESS } : {}),
  });
  const enabled = deadMan === null ? gate : enabledGate(gate, deadMan, () => clock.now());
  return {
    gate: brakedGate(enabled, clock),
    strategy: chosenStrategy(strategy, embodiment),
    longestAge: oldest,
    grace: GRACE / controlHz,
    ...(body.task === null ? {} : { task: body.task }),
  };
}

function simulated(environment: Environment, episode: EpisodeSpec, clock: Clock): { robot: Robot; task: LoopTask } {
  const robot = new SimulatedRobot({ environment, clock });
  const over = new AbortController();
  robot.watch((outcome) => {
    if (outcome !== 'running') over.abort();
  });
  let instruction = '';
  const task: LoopTask = {
    begin: async () => (instruction = await robot.begin(episode)),
    over: over.signal,
    result: (): WorldEnd => ({
      outcome: robot.outcome ?? 'running',
      instruction,
      handJerk: pathJerk(robot.path, robot.embodiment.controlHz),
    }),
  };
  return { robot, task };
}

const HINT = 'It exports openRobot(options, clock), which returns a Robot: docs/guides/robots.md.';
const PARTS = ['stop', 'actuate', 'connect', 'close'] as const;

/** The robot of a user's module; `bad-argument` where it is none. */
export async function openModuleRobot({ module, options }: ModuleCall, clock: Clock): Promise<Robot> {
  const robot = await callModule<Robot>(module, 'openRobot', [options, clock], HINT);
  const missing = PARTS.filter((part) => typeof (robot as Partial<Robot> | null)?.[part] !== 'function');
  if (missing.length === 0 && typeof robot.embodiment === 'object') return robot;
  throw new VlaError(
    'bad-argument',
    `${moduleName(module)}: openRobot: expected a robot with embodiment, connect, actuate, stop and close, got none.`,
    { hint: HINT },
  );
}
