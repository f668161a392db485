/** @file Several environments in step with each other, in worker threads: one simulator module per thread, the same results for any number. */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../base/errors.ts';
import { fromPlainError } from '../base/plain-error.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { BlockResult, EnvironmentPool } from '../interfaces/environment-pool.ts';
import type { EpisodeSpec } from '../interfaces/environment.ts';
import type { Observation } from '../interfaces/observation.ts';
import type { VectorOrder, VectorReport, VectorSetup, VectorStep } from './vector-worker.ts';

export type { VectorStep } from './vector-worker.ts';

/** What to open, how often, and in how many threads. */
export interface VectorConfig {
  /** URL of a module that exports `openEnvironment(options): Promise<Environment>`; each thread loads it. */
  readonly module: string;
  /** Handed to `openEnvironment`; must survive structured cloning. */
  readonly options: unknown;
  /** Environments. */
  readonly size: number;
  /** Threads; more than `size` makes no sense. */
  readonly workers: number;
}

/** The built-in worlds as a module for `VectorConfig.module`; its options are a `WorldChoice`. */
export const WORLDS_MODULE: string = workerUrl(import.meta.url, './worlds').href;

interface Thread {
  readonly worker: Worker;
  /** The environments that live there. */
  readonly slots: readonly number[];
  waiting: { resolve(report: VectorReport): void; reject(error: Error): void } | null;
  dead: Error | null;
}

/** Environments with identity and lifetime: `open`, any number of `reset` and `step`, `close`. */
export class VectorEnvironment implements EnvironmentPool {
  readonly size: number;
  readonly embodiment: Embodiment;
  readonly tasks: readonly string[];
  readonly perturbations: readonly string[];
  private readonly threads: readonly Thread[];

  /** Starts the threads and waits until each has opened its environments. */
  static async open(config: VectorConfig): Promise<VectorEnvironment> {
    const { module, options, size, workers } = config;
    for (const [what, value] of Object.entries({ size, workers })) {
      if (!Number.isInteger(value) || value < 1) {
        throw new VlaError('bad-argument', `VectorEnvironment: expected ${what} of at least 1, got ${value}.`);
      }
    }
    const threads = Array.from({ length: Math.min(workers, size) }, (_, thread): Thread => {
      const slots = [...Array(size).keys()].filter((slot) => slot % Math.min(workers, size) === thread);
      const setup: VectorSetup = { module, options, slots };
      const worker = new Worker(workerUrl(import.meta.url, './vector-worker'), { workerData: setup });
      return listen({ worker, slots, waiting: null, dead: null });
    });
    try {
      const [first] = (await Promise.all(threads.map((thread) => reportOf(thread)))) as [VectorReport];
      if (first.kind !== 'ready') throw new Error('VectorEnvironment: a worker did not introduce itself.');
      return new VectorEnvironment(size, threads, first);
    } catch (error) {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
      throw error;
    }
  }

  private constructor(size: number, threads: readonly Thread[], ready: VectorReport & { kind: 'ready' }) {
    this.size = size;
    this.threads = threads;
    this.embodiment = ready.embodiment;
    this.tasks = ready.tasks;
    this.perturbations = ready.perturbations;
  }

  /** Starts an episode in every environment whose entry is not null; answers with the first observations. */
  async reset(episodes: readonly (EpisodeSpec | null)[]): Promise<(Observation | null)[]> {
    return this.ask('reset', episodes, (part) => ({ kind: 'reset', episodes: part })) as Promise<
      (Observation | null)[]
    >;
  }

  /** One control step in every environment whose entry is not null. A refused action rejects; the others have moved on then. */
  async step(actions: readonly (ArrayLike<number> | null)[]): Promise<(VectorStep | null)[]> {
    const plain = actions.map((action) => (action === null ? null : Float32Array.from(action)));
    return this.ask('step', plain, (part) => ({ kind: 'step', actions: part })) as Promise<(VectorStep | null)[]>;
  }

  /** Blocks of actions, [count, action size] each, in every environment whose entry is not null; see `EnvironmentPool.play`. */
  async play(blocks: readonly (Float32Array | null)[]): Promise<(BlockResult | null)[]> {
    return this.ask('play', blocks, (part) => ({ kind: 'play', blocks: part })) as Promise<(BlockResult | null)[]>;
  }

  /** Ends the threads; calling it again does nothing. */
  async close(): Promise<void> {
    await Promise.all(
      this.threads.map(async (thread) => {
        if (thread.dead !== null) return;
        const gone = new Promise((resolve) => thread.worker.once('exit', resolve));
        thread.dead = closedError();
        thread.worker.postMessage({ kind: 'close' } satisfies VectorOrder);
        await gone;
      }),
    );
  }

  private async ask<T>(what: string, items: readonly T[], order: (part: T[]) => VectorOrder): Promise<unknown[]> {
    if (items.length !== this.size) {
      throw new VlaError('bad-shape', `VectorEnvironment.${what}: expected ${this.size} entries, got ${items.length}.`);
    }
    const answers: unknown[] = Array.from({ length: this.size }, () => null);
    const settled = await Promise.allSettled(
      this.threads.map(async (thread) => {
        const part = thread.slots.map((slot) => items[slot]!);
        if (part.every((item) => item === null)) return;
        const waiting = reportOf(thread);
        if (thread.dead === null) thread.worker.postMessage(order(part));
        const report = await waiting;
        if (report.kind !== 'done') return;
        for (const [i, slot] of thread.slots.entries()) answers[slot] = report.answers[i];
      }),
    );
    // Every thread has answered before the first failure is told, so that the next call finds none of them busy.
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    return answers;
  }
}

function closedError(): VlaError {
  return new VlaError('bad-argument', 'VectorEnvironment: expected open environments, got closed ones.', {
    hint: 'Open new ones with VectorEnvironment.open.',
  });
}

function reportOf(thread: Thread): Promise<VectorReport> {
  return new Promise((resolve, reject) => {
    if (thread.dead !== null) reject(thread.dead);
    else thread.waiting = { resolve, reject };
  });
}

function listen(thread: Thread): Thread {
  const fail = (error: Error): void => {
    thread.dead ??= error;
    thread.waiting?.reject(error);
    thread.waiting = null;
  };
  thread.worker.on('message', (report: VectorReport) => {
    const { waiting } = thread;
    thread.waiting = null;
    if (report.kind === 'failed') waiting?.reject(fromPlainError(report.error));
    else waiting?.resolve(report);
  });
  thread.worker.on('error', fail);
  thread.worker.on('exit', (code) => fail(new Error(`VectorEnvironment: a worker thread ended with code ${code}.`)));
  return thread;
}
