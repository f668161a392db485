/** @file The policy's process is killed (SIGKILL) while it moves a robot, in real time; the robot must come to rest on its own. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../../src/base/clock.ts';
import { Random } from '../../src/base/random.ts';
import { workerUrl } from '../../src/base/worker-url.ts';
import { openGate } from '../../src/runtime/safety/safety-gate.ts';
import { JudgedRobot } from './judged-robot.ts';
import type { PolicyAnswer, PolicyQuestion } from './policy-process.ts';
import type { LimitedRobot } from './robots.ts';

/** What came of one kill. */
export interface KillResult {
  readonly unsafe: readonly string[];
  /** Actions of the policy that were followed before it died. */
  readonly followed: number;
  /** The gate's state at the end. */
  readonly state: string;
}

const HORIZON = 15;
/** Ask again when so few actions are left. */
const LEFT = 8;
/** Ticks after which the policy is killed, whether or not it was followed. */
const LONGEST = 600;

/** Runs a robot from a policy in a child process, kills the child after a while, and goes on until the robot rests. */
export async function killPolicy(setup: LimitedRobot, start: readonly number[], seed: number): Promise<KillResult> {
  const random = new Random(seed, 9);
  const { embodiment, limits } = setup;
  const period = 1 / embodiment.controlHz;
  const robot = new JudgedRobot(setup, systemClock, start);
  const gate = openGate(robot, { clock: systemClock, limits, oldestAction: 30, deadMan: null, silence: 5 });
  const child = fork(workerUrl(import.meta.url, './policy-process'), { stdio: 'ignore' });
  await once(child, 'message');
  const queue = new Map<number, { readonly action: Float32Array; readonly from: number }>();
  child.on('message', ({ tick, actions }: PolicyAnswer) => {
    actions.forEach((action, i) => void queue.set(tick + i, { action: Float32Array.from(action), from: tick }));
  });
  child.on('error', () => undefined);
  const gone = once(child, 'exit');
  await gate.connect(() => undefined);
  const earliest = 25 + random.integer(20);
  let killed = Infinity;
  const dim = embodiment.action.names.length;
  const unsafe: string[] = [];
  let [followed, asked, rest] = [0, -Infinity, 0];
  const origin = systemClock.now();
  // After the kill: what is left of the chunk, and braking.
  for (let tick = 0; rest < 5 && tick < Math.min(killed, LONGEST) + HORIZON + 150; tick++) {
    await systemClock.sleepUntil(origin + tick * period);
    // In the middle of an inference, so that the answer is lost.
    const question: PolicyQuestion = { tick, dim, horizon: HORIZON };
    // On a busy machine the first answers may come too late to be followed: it dies once the robot follows it.
    if (killed === Infinity && (tick >= LONGEST || (tick >= earliest && followed > 0))) {
      child.kill('SIGKILL');
      killed = tick;
    } else if (tick < killed && !queue.has(tick + LEFT) && tick - asked > 2) {
      child.send(question, () => undefined);
      asked = tick;
    }
    const next = queue.get(tick);
    const age = next === undefined ? null : tick - next.from;
    const at = { time: systemClock.now(), tick, age, observation: robot.observe() };
    const { source } = await gate.pass(next?.action ?? null, at);
    if (source === 'chunk') {
      followed++;
      if (tick > killed + HORIZON) unsafe.push('followed a policy that was dead');
    }
    rest = tick > killed + HORIZON && robot.still ? rest + 1 : 0;
  }
  if (!robot.still) unsafe.push('still moves');
  const { state } = gate;
  await gate.close();
  const [, signal] = (await gone) as [number | null, string | null];
  if (signal !== 'SIGKILL') unsafe.push(`the policy ended by ${signal}`);
  return { unsafe: [...robot.unsafe, ...unsafe], followed, state };
}
