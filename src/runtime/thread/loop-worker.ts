/** @file The thread of a control loop: opens its robot behind its gate, and asks a policy that lives in another thread. Node only. */

import { parentPort, workerData, type MessagePort as NodePort } from 'node:worker_threads';
import { systemClock, type Clock } from '../../base/clock.ts';
import { invariant, VlaError } from '../../base/errors.ts';
import { toPlainError, type PlainError } from '../../base/plain-error.ts';
import { importModule } from '../../base/user-module.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { TickRecord } from '../../interfaces/tick-record.ts';
import { ControlLoop, type LoopConfig, type LoopEpisode } from '../control-loop.ts';
import type { LoopCounters } from '../loop-counters.ts';
import { runTask, type LoopTask } from '../loop-task.ts';
import { openPortPolicy, type Port } from '../policy-port.ts';
import { punctualClock, raisePriority } from './punctual-clock.ts';

/** What a robot's module opens in the loop's thread: all of a loop but the policy and the clock, which it is given. */
export type ThreadParts = Omit<LoopConfig, 'policy' | 'clock'> & {
  /** Where what the robot does has an end of its own, as a simulated episode has. */
  readonly task?: LoopTask;
};

/** What the thread is started with. */
export interface LoopSetup {
  /** URL of a module that exports `openRobot(options, clock): Promise<ThreadParts>`. */
  readonly module: string;
  readonly options: unknown;
  /** How ticks are waited for: on time, or by plain timers. */
  readonly wait: 'punctually' | 'by-timer';
  readonly records: 'none' | 'numbers' | 'all';
  readonly policy: NodePort;
}

/** To the thread. */
export type LoopOrder =
  | { readonly id: number; readonly kind: 'run'; readonly episode: LoopEpisode; readonly ticks: number | null }
  | { readonly id: number; readonly kind: 'reset'; readonly episode: LoopEpisode }
  | { readonly id: number; readonly kind: 'say'; readonly instruction: string }
  | { readonly id: number; readonly kind: 'counters' }
  | { readonly id: number; readonly kind: 'stop' };

/** From the thread. */
export type LoopReport =
  /** `zero`: seconds since 1970 at second 0 of the thread's clock. */
  | { readonly kind: 'ready'; readonly embodiment: Embodiment; readonly zero: number }
  | { readonly kind: 'unopened'; readonly error: PlainError }
  | { readonly kind: 'tick'; readonly record: TickRecord }
  | { readonly kind: 'done'; readonly id: number; readonly counters: LoopCounters; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PlainError };

interface RobotModule {
  openRobot?(options: unknown, clock: Clock): Promise<ThreadParts>;
}

invariant(parentPort !== null, 'the loop worker runs outside a worker thread');
const port = parentPort;
const { module, options, wait, records, policy } = workerData as LoopSetup;
const send = (report: LoopReport): void => port.postMessage(report);
const over = new AbortController();

interface Opened {
  readonly loop: ControlLoop;
  readonly task: LoopTask | null;
}

async function open(): Promise<Opened> {
  const { openRobot } = (await importModule(module)) as RobotModule;
  if (openRobot === undefined) {
    throw new VlaError('bad-argument', `control loop: expected ${module} to export openRobot.`, {
      hint: 'It returns the gate and the strategy: docs/guides/real-time.md shows one.',
    });
  }
  const clock = wait === 'punctually' ? punctualClock : systemClock;
  if (wait === 'punctually') raisePriority();
  const { task = null, ...parts } = await openRobot(options, clock);
  const loop = new ControlLoop({ ...parts, policy: await openPortPolicy(policy as unknown as Port), clock });
  if (records !== 'none') {
    // Pictures are large: they travel only to those who want them.
    loop.listen((record) =>
      send({ kind: 'tick', record: records === 'all' ? record : { ...record, observation: null } }),
    );
  }
  send({ kind: 'ready', embodiment: parts.gate.embodiment, zero: performance.timeOrigin / 1000 });
  return { loop, task };
}

async function obey({ loop, task }: Opened, order: LoopOrder): Promise<void> {
  if (order.kind === 'run') {
    const until = { signal: over.signal, ...(order.ticks === null ? {} : { ticks: order.ticks }) };
    await runTask(loop, task, order.episode, until);
    policy.close();
  } else if (order.kind === 'reset') await loop.reset(order.episode);
  else if (order.kind === 'say') loop.say(order.instruction);
  else if (order.kind === 'stop') over.abort();
}

const opened = open();
opened.catch((error: unknown) => send({ kind: 'unopened', error: toPlainError(error) }));
async function answer(order: LoopOrder): Promise<void> {
  const parts = await opened;
  try {
    await obey(parts, order);
    const result = order.kind === 'run' ? (parts.task?.result() ?? null) : null;
    send({ kind: 'done', id: order.id, counters: parts.loop.counters, result });
  } catch (error) {
    send({ kind: 'failed', id: order.id, error: toPlainError(error) });
  }
}

port.on('message', (order: LoopOrder) => void answer(order));
