/** @file A pool of worker threads that play episodes; each has its own environment and policy. */

import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError, invariant } from '../base/errors.ts';
import { OrderQueue } from './order-queue.ts';
import { GRACE_MS, PlayerThread } from './player-thread.ts';
import type { ModuleCall } from './player.ts';
import {
  anotherPolicy,
  fromPlainError,
  notAgain,
  type Introduction,
  type Order,
  type Report,
  type WorkerSetup,
} from './worker-messages.ts';

const WATCH_MS = 100;

/** What to open, and how many times. */
export interface PoolOptions {
  readonly environment: ModuleCall;
  readonly stage: ModuleCall | null;
  readonly policy: ModuleCall;
  /** How it is opened again after it failed; left out: in the same way. */
  readonly policyAgain?: ModuleCall;
  /** Hears what is played, in the order in which one worker plays it; null: nothing does. */
  readonly listener: ModuleCall | null;
  readonly execute: number | 'half';
  /** What plays episodes; null: the plain closed loop. */
  readonly player: ModuleCall | null;
  readonly workers: number;
  /** A single inference that takes longer fails, and its worker with it; null: no limit. */
  readonly inferenceTimeoutMs: number | null;
}

/** Something to be done by whoever is free. */
export interface PoolOrder {
  readonly order: Order;
  /** For errors. */
  readonly what: string;
  /** Orders of one group are kept in one worker as far as that keeps nobody idle; left out: all are alike. */
  readonly group?: string;
}

/** What is heard of a run. */
export interface PoolHooks {
  /** Order i is done; in any order. */
  done(index: number, report: Report): void;
  /**
   * Order i failed: it is done again, or left. What this throws ends the run. A worker that died is started anew. Left out: the first failure ends
   * the run.
   */
  failed?(index: number, error: Error): 'again' | 'leave';
}

/** Threads with identity and lifetime: `open`, any number of `run`, `close`. */
export class PlayerPool {
  readonly introduction: Introduction;
  private readonly players: readonly PlayerThread[];
  private readonly control: Int32Array;
  private readonly watch: NodeJS.Timeout | null;
  /** Whether others go on when one fails. */
  private lasting = false;

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
    const shared: Omit<WorkerSetup, 'worker'> = {
      environment,
      stage,
      policy,
      policyAgain: options.policyAgain ?? policy,
      listener,
      execute,
      player,
      control,
      epoch,
    };
    const players = Array.from({ length: workers }, (_, worker) => new PlayerThread({ worker, ...shared }));
    const introductions = players.map((player) => player.ready());
    try {
      const [first] = await Promise.all(introductions);
      return new PlayerPool(players, control, epoch, options.inferenceTimeoutMs, first!);
    } catch (error) {
      // A thread that is ended while it loads a model takes the whole process with it: let the others open first.
      await Promise.race([Promise.allSettled(introductions), sleep(GRACE_MS, undefined, { ref: false })]);
      await Promise.all(players.map((player) => player.end()));
      throw error;
    }
  }

  private constructor(
    players: readonly PlayerThread[],
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

  /** Hands the orders out one by one to whoever is free. `signal` stops after the control steps under way. */
  async run(orders: readonly PoolOrder[], hooks: PoolHooks, signal?: AbortSignal): Promise<void> {
    const queue = new OrderQueue(orders.map(({ group }) => group ?? ''));
    const state = { over: false };
    const stopped = (): boolean => signal?.aborted ?? false;
    const stop = (): void => {
      Atomics.store(this.control, 0, 1);
      const error = new VlaError('interrupted', 'evaluate: stopped.', { hint: 'Run the same command again.' });
      setTimeout(() => this.failAll(error), GRACE_MS).unref();
    };
    if (stopped()) return;
    this.lasting = hooks.failed !== undefined;
    signal?.addEventListener('abort', stop, { once: true });
    try {
      await Promise.all(
        this.players.map(async (player) => {
          while (!state.over && !stopped()) {
            const index = queue.next(player.index);
            if (index === null) return;
            await this.follow(player, index, orders[index]!, hooks, () => state.over || stopped());
          }
        }),
      );
    } catch (error) {
      if (!stopped()) throw error;
    } finally {
      state.over = true;
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Lets the listener end its work; gives what went wrong with it. */
  async finish(): Promise<readonly Error[]> {
    const [player] = this.players as [PlayerThread];
    const report = await player.tell({ kind: 'finish' }, 'finishing the recording');
    return report.kind === 'finished' ? report.problems.map(fromPlainError) : [];
  }

  /** Lets the workers close what they opened after the control step under way; ends those that do not answer. */
  async close(): Promise<void> {
    if (this.watch !== null) clearInterval(this.watch);
    Atomics.store(this.control, 0, 1);
    await Promise.all(this.players.map((player) => player.end()));
  }

  /** One order, until it is done or left. */
  private async follow(
    player: PlayerThread,
    index: number,
    { order, what }: PoolOrder,
    { done, failed }: PoolHooks,
    over: () => boolean,
  ): Promise<void> {
    for (;;) {
      let report: Report;
      try {
        if (player.dead !== null && failed !== undefined) await this.revive(player);
        report = await player.tell(order, what);
      } catch (error) {
        if (failed === undefined || over()) throw error;
        if (failed(index, error instanceof Error ? error : new Error(String(error))) === 'leave') return;
        continue;
      }
      return done(index, report);
    }
  }

  private async revive(player: PlayerThread): Promise<void> {
    const expected = this.introduction.policy;
    const { policy } = await player.restart().catch((error: unknown) => {
      throw notAgain(expected, error);
    });
    if (policy !== expected) throw anotherPolicy(expected, policy);
  }

  private checkTimes(epoch: number, timeoutMs: number): void {
    for (const player of this.players) {
      const began = Atomics.load(this.control, 1 + player.index);
      const lasted = Date.now() - epoch - began;
      if (began === 0 || lasted <= timeoutMs) continue;
      const message = `Policy "${this.introduction.policy}" in ${player.doing}: expected an answer within ${timeoutMs} ms, got none after ${lasted} ms.`;
      const error = new VlaError('interrupted', message, { hint: 'Allow more time, or use a smaller policy.' });
      if (this.lasting) player.fail(error);
      else this.failAll(error);
    }
  }

  private failAll(error: Error): void {
    for (const player of this.players) player.fail(error);
  }
}
