/** @file A control loop in a thread of its own: whatever the policy's thread does, ticks are on time. Node only. */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../../base/errors.ts';
import { fromPlainError } from '../../base/plain-error.ts';
import { workerUrl } from '../../base/worker-url.ts';
import type { Embodiment } from '../../interfaces/embodiment.ts';
import type { Policy } from '../../interfaces/policy.ts';
import type { LoopEpisode, TickListener } from '../control-loop.ts';
import type { LoopCounters } from '../loop-counters.ts';
import { servePolicy, type Port } from '../policy-port.ts';
import type { LoopOrder, LoopReport, LoopSetup } from './loop-worker.ts';

/** What runs in the thread, and who is asked from there. */
export interface ThreadedLoopConfig {
  /** URL of a module that exports `openRobot(options, clock)` and returns the parts of a loop: gate, strategy, bounds (`ThreadParts`). */
  readonly module: string;
  /** Handed to `openRobot`; must survive structured cloning. */
  readonly options?: unknown;
  /** Stays in this thread. */
  readonly policy: Policy;
  /**
   * How ticks are waited for. `punctually` (default): in slices, awake at the end, before all other threads where the system grants it;
   * `by-timer`: as `setTimeout` does.
   */
  readonly wait?: 'punctually' | 'by-timer';
  /** What listeners here get of every tick: nothing, all but the observation (default), or all. */
  readonly records?: 'none' | 'numbers' | 'all';
}

interface Waiter {
  resolve(counters: LoopCounters): void;
  reject(error: Error): void;
}

type Plain<T> = T extends unknown ? Omit<T, 'id'> : never;

/** The loop in its thread: `open`, `run` once, `close`. */
export class ThreadedLoop {
  readonly embodiment: Embodiment;
  /** Seconds since 1970 at second 0 of the clock that ticks are told by. */
  readonly zero: number;
  private readonly worker: Worker;
  private readonly listeners = new Set<TickListener>();
  private readonly waiting = new Map<number, Waiter>();
  private asked = 0;
  private dead: Error | null = null;
  private ended: unknown = null;

  /** Starts the thread and waits until it has opened its robot. */
  static async open(config: ThreadedLoopConfig): Promise<ThreadedLoop> {
    const { module, options, policy, wait = 'punctually', records = 'numbers' } = config;
    const { port1, port2 } = new MessageChannel();
    // The loop never closes its policy.
    servePolicy(policy, port1 as unknown as Port);
    const setup = { module, options, wait, records, policy: port2 as unknown as LoopSetup['policy'] };
    const worker = new Worker(workerUrl(import.meta.url, './loop-worker'), {
      workerData: setup satisfies LoopSetup,
      transferList: [setup.policy],
    });
    try {
      const report = await firstReport(worker);
      if (report.kind === 'unopened') throw fromPlainError(report.error);
      if (report.kind !== 'ready') throw new Error('control loop: its thread did not introduce itself.');
      return new ThreadedLoop(worker, report, () => port1.close());
    } catch (error) {
      port1.close();
      await worker.terminate();
      throw error;
    }
  }

  private constructor(
    worker: Worker,
    { embodiment, zero }: Extract<LoopReport, { kind: 'ready' }>,
    closePort: () => void,
  ) {
    [this.worker, this.embodiment, this.zero] = [worker, embodiment, zero];
    const fail = (error: Error): void => {
      this.dead ??= error;
      closePort();
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
    worker.on('message', (report: LoopReport) => this.hear(report));
    worker.on('error', fail);
    worker.on('exit', (code) => fail(new VlaError('io', `control loop: its thread ended with code ${code}.`)));
  }

  /** What the robot's task came to (`ThreadParts.task`); null before the end of the run, and where there is none. */
  get result(): unknown {
    return this.ended;
  }

  /** Calls `listener` at every tick, as far as `records` says, until the function that is returned is called. */
  listen(listener: TickListener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Plays until `stop`, or until `ticks` are done; the robot is at a standstill then. */
  run(episode: LoopEpisode, ticks?: number): Promise<LoopCounters> {
    return this.ask({ kind: 'run', episode, ticks: ticks ?? null });
  }

  /** As `ControlLoop.reset`. */
  async reset(episode: LoopEpisode): Promise<void> {
    await this.ask({ kind: 'reset', episode });
  }

  /** What the human says from the next tick on. */
  async say(instruction: string): Promise<void> {
    await this.ask({ kind: 'say', instruction });
  }

  /** Everything counted so far. */
  counters(): Promise<LoopCounters> {
    return this.ask({ kind: 'counters' });
  }

  /** Ends the run. */
  async stop(): Promise<void> {
    await this.ask({ kind: 'stop' });
  }

  /** Ends the run, and the thread. The policy stays open. */
  async close(): Promise<void> {
    if (this.dead === null) {
      const runs = [...this.waiting.keys()].map((id) => this.settled(id));
      await this.stop();
      await Promise.all(runs);
    }
    await this.worker.terminate();
  }

  private ask(order: Plain<LoopOrder>): Promise<LoopCounters> {
    return new Promise((resolve, reject) => {
      if (this.dead !== null) return reject(this.dead);
      const id = this.asked++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...order, id } satisfies LoopOrder);
    });
  }

  private settled(id: number): Promise<void> {
    const waiter = this.waiting.get(id)!;
    return new Promise((resolve) => {
      this.waiting.set(id, {
        resolve: (counters) => (waiter.resolve(counters), resolve()),
        reject: (error) => (waiter.reject(error), resolve()),
      });
    });
  }

  private hear(report: LoopReport): void {
    if (report.kind === 'tick') for (const listener of this.listeners) listener(report.record);
    if (report.kind !== 'done' && report.kind !== 'failed') return;
    const waiter = this.waiting.get(report.id);
    this.waiting.delete(report.id);
    if (report.kind === 'done') {
      this.ended ??= report.result;
      waiter?.resolve(report.counters);
    } else waiter?.reject(fromPlainError(report.error));
  }
}

function firstReport(worker: Worker): Promise<LoopReport> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new VlaError('io', `control loop: its thread ended with code ${code}.`)));
  });
}
