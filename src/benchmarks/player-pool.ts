/** @file A pool of worker threads that play episodes; each has its own environment and policy. */

import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { VlaError, invariant } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { ModuleCall } from './player.ts';
import { fromPlainError, type Introduction, type Order, type Report, type WorkerSetup } from './worker-messages.ts';

/** How long workers may take to finish their control step after a stop, before they are ended. */
const GRACE_MS = 3000;
const WATCH_MS = 100;

/** What to open, and how many times. */
export interface PoolOptions {
  readonly environment: ModuleCall;
  readonly stage: ModuleCall | null;
  readonly policy: ModuleCall;
  /** Hears what is played, in the order in which one worker plays it; null: nothing does. */
  readonly listener: ModuleCall | null;
  readonly execute: number | 'half';
  /** What plays episodes; null: the plain closed loop. */
  readonly player: ModuleCall | null;
  readonly workers: number;
  /** A single inference that takes longer ends the run with an error; null: no limit. */
  readonly inferenceTimeoutMs: number | null;
}

interface Player {
  readonly worker: Worker;
  readonly index: number;
  /** Settles what the worker is doing; null while idle. */
  waiting: { resolve(report: Report): void; reject(error: Error): void } | null;
  doing: string;
  /** Why it can do nothing any more. */
  dead: Error | null;
}

/** Threads with identity and lifetime: `open`, any number of `run`, `close`. The first failure ends all of them. */
export class PlayerPool {
  readonly introduction: Introduction;
  private readonly players: readonly Player[];
  private readonly control: Int32Array;
  private readonly watch: NodeJS.Timeout | null;

  /** Starts the workers and waits until each has opened its environment and policy. */
  static async open(options: PoolOptions): Promise<PlayerPool> {
    const { workers } = options;
    if (!Number.isInteger(workers) || workers < 1) {
      throw new VlaError('bad-argument', `evaluate: expected at least one worker, got ${workers}.`, {
        hint: 'One worker per core is a good start.',
      });
    }
    const control = new Int32Array(new SharedArrayBuffer(4 * (1 + workers)));
    const epoch = Date.now();
    const { environment, stage, policy, listener, execute, player } = options;
    invariant(listener === null || workers === 1, 'a listener hears one worker');
    const players = Array.from({ length: workers }, (_, index): Player => {
      const shared = { environment, stage, policy, listener, execute, player, control, epoch };
      const setup: WorkerSetup = { worker: index, ...shared };
      const worker = new Worker(workerUrl(import.meta.url, './evaluation-worker'), { workerData: setup });
      return listen({ worker, index, waiting: null, doing: 'starting', dead: null });
    });
    const reports = players.map((player) => reportOf(player));
    try {
      const [first] = (await Promise.all(reports)) as [Report & { kind: 'ready' }];
      return new PlayerPool(players, control, epoch, options.inferenceTimeoutMs, first.introduction);
    } catch (error) {
      // A thread that is ended while it loads a model takes the whole process with it: let the others open first.
      await Promise.race([Promise.allSettled(reports), sleep(GRACE_MS, undefined, { ref: false })]);
      await endPlayers(players);
      throw error;
    }
  }

  private constructor(
    players: readonly Player[],
    control: Int32Array,
    epoch: number,
    timeoutMs: number | null,
    introduction: Introduction,
  ) {
    this.players = players;
    this.control = control;
    this.introduction = introduction;
    this.watch =
      timeoutMs === null
        ? null
        : setInterval(() => this.checkTimes(epoch, timeoutMs), Math.min(WATCH_MS, timeoutMs)).unref();
  }

  /**
   * Hands the orders out one by one to whoever is free; `done(i, report)` is called as order i is done, in any order.
   * `signal` stops after the control steps under way. The first failure rejects.
   */
  async run(
    orders: readonly { readonly order: Order; readonly what: string }[],
    done: (index: number, report: Report) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    let next = 0;
    const stopped = (): boolean => signal?.aborted ?? false;
    const stop = (): void => {
      Atomics.store(this.control, 0, 1);
      const error = new VlaError('interrupted', 'evaluate: stopped.', { hint: 'Run the same command again.' });
      setTimeout(() => this.failAll(error), GRACE_MS).unref();
    };
    if (stopped()) return;
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.all(
        this.players.map(async (player) => {
          while (next < orders.length && !stopped()) {
            const index = next++;
            player.doing = orders[index]!.what;
            player.worker.postMessage(orders[index]!.order);
            done(index, await reportOf(player));
          }
        }),
      );
    } catch (error) {
      if (!stopped()) throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Lets the listener end its work; gives what went wrong with it. */
  async finish(): Promise<readonly Error[]> {
    const [player] = this.players as [Player];
    player.doing = 'finishing the recording';
    player.worker.postMessage({ kind: 'finish' } satisfies Order);
    const report = await reportOf(player);
    return report.kind === 'finished' ? report.problems.map(fromPlainError) : [];
  }

  /** Lets the workers close what they opened after the control step under way; ends those that do not answer. */
  async close(): Promise<void> {
    if (this.watch !== null) clearInterval(this.watch);
    Atomics.store(this.control, 0, 1);
    await endPlayers(this.players);
  }

  private checkTimes(epoch: number, timeoutMs: number): void {
    for (const player of this.players) {
      const began = Atomics.load(this.control, 1 + player.index);
      const lasted = Date.now() - epoch - began;
      if (began === 0 || lasted <= timeoutMs) continue;
      const message = `Policy "${this.introduction.policy}" in ${player.doing}: expected an answer within ${timeoutMs} ms, got none after ${lasted} ms.`;
      this.failAll(new VlaError('interrupted', message, { hint: 'Allow more time, or use a smaller policy.' }));
    }
  }

  private failAll(error: Error): void {
    for (const player of this.players) {
      if (player.waiting === null) continue;
      player.dead ??= error;
      player.waiting.reject(error);
    }
  }
}

/** Turns what can happen to a worker into a report or an error for whoever waits. */
function listen(player: Player): Player {
  const { worker } = player;
  worker.on('message', (report: Report) => {
    if (report.kind === 'failed') player.waiting?.reject(fromPlainError(report.error));
    else player.waiting?.resolve(report);
  });
  const die = (error: Error): void => {
    player.dead ??= error;
    player.waiting?.reject(player.dead);
  };
  worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => {
    die(
      new VlaError('unsupported', `evaluate: worker ${player.index} ended with code ${code} in ${player.doing}.`, {
        hint: 'It may have run out of memory: use fewer workers.',
      }),
    );
  });
  return player;
}

/** Lets the workers close what they opened; ends those that do not answer. */
async function endPlayers(players: readonly Player[]): Promise<void> {
  await Promise.all(
    players.map(async ({ worker, dead }) => {
      if (dead !== null) {
        // Not awaited: a native call that never returns cannot be interrupted.
        void worker.terminate();
        return;
      }
      const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      worker.postMessage({ kind: 'close' } satisfies Order);
      const timer = setTimeout(() => void worker.terminate(), GRACE_MS);
      await gone;
      clearTimeout(timer);
    }),
  );
}

function reportOf(player: Player): Promise<Report> {
  return new Promise<Report>((resolve, reject) => {
    player.waiting = { resolve, reject };
    if (player.dead !== null) reject(player.dead);
  }).finally(() => {
    player.waiting = null;
  });
}
