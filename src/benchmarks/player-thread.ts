/** @file One worker thread that plays episodes: told one thing at a time, and started anew when it has died. */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import { fromPlainError, type Introduction, type Order, type Report, type WorkerSetup } from './worker-messages.ts';

/** How long workers may take to finish their control step after a stop, before they are ended. */
export const GRACE_MS = 3000;

interface Waiting {
  resolve(report: Report): void;
  reject(error: Error): void;
}

/** A thread with its own environment and policy. */
export class PlayerThread {
  readonly index: number;
  /** For errors: what it does. */
  doing = 'starting';
  private setup: WorkerSetup;
  private worker: Worker;
  /** Settles what the worker is doing; null while idle. */
  private waiting: Waiting | null = null;
  /** Why it can do nothing any more. */
  private gone: Error | null = null;

  constructor(setup: WorkerSetup) {
    [this.setup, this.index] = [setup, setup.worker];
    this.worker = this.start();
  }

  /** Why it can do nothing any more; null while it lives. */
  get dead(): Error | null {
    return this.gone;
  }

  /** Whether somebody waits for it. */
  get busy(): boolean {
    return this.waiting !== null;
  }

  /** Resolves when it has opened its environment and policy; asked once after each start. */
  async ready(): Promise<Introduction> {
    try {
      const report = await this.report();
      return (report as Report & { kind: 'ready' }).introduction;
    } catch (error) {
      // What could not open anything ends by itself.
      this.gone ??= error as Error;
      throw error;
    }
  }

  /** Does one thing, called `what` in errors. */
  tell(order: Order, what: string): Promise<Report> {
    this.doing = what;
    this.worker.postMessage(order);
    return this.report();
  }

  /** Takes the place of the thread that died; resolves as `ready` does. */
  restart(): Promise<Introduction> {
    this.endNow();
    Atomics.store(this.setup.control, 1 + this.index, 0);
    [this.gone, this.doing] = [null, 'starting'];
    this.setup = { ...this.setup, policy: this.setup.policyAgain };
    this.worker = this.start();
    return this.ready();
  }

  /** Gives it up, for a reason that whoever waits for it hears. */
  fail(error: Error): void {
    if (this.waiting === null) return;
    this.gone ??= error;
    this.waiting.reject(error);
  }

  /** Lets it close what it opened; ends it where it does not answer. */
  async end(): Promise<void> {
    if (this.gone !== null) return this.endNow();
    const over = new Promise<void>((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.postMessage({ kind: 'close' } satisfies Order);
    const timer = setTimeout(() => void this.worker.terminate(), GRACE_MS);
    await over;
    clearTimeout(timer);
  }

  private endNow(): void {
    // Not awaited: a native call that never returns cannot be interrupted.
    void this.worker.terminate();
  }

  private start(): Worker {
    const worker = new Worker(workerUrl(import.meta.url, './evaluation-worker'), { workerData: this.setup });
    worker.on('message', (report: Report) => {
      if (worker !== this.worker) return;
      if (report.kind === 'failed') this.waiting?.reject(fromPlainError(report.error));
      else this.waiting?.resolve(report);
    });
    const die = (error: Error): void => {
      if (worker !== this.worker) return;
      this.gone ??= error;
      this.waiting?.reject(this.gone);
    };
    worker.on('error', (error: Error) => {
      const text = `evaluate: worker ${this.index} ended in ${this.doing}: ${error.message}`;
      die(new VlaError('unsupported', text, { cause: error, hint: 'Where it ran out of memory, use fewer workers.' }));
    });
    worker.on('exit', (code) => {
      die(
        new VlaError('unsupported', `evaluate: worker ${this.index} ended with code ${code} in ${this.doing}.`, {
          hint: 'It may have run out of memory: use fewer workers.',
        }),
      );
    });
    return worker;
  }

  private report(): Promise<Report> {
    return new Promise<Report>((resolve, reject) => {
      this.waiting = { resolve, reject };
      if (this.gone !== null) reject(this.gone);
    }).finally(() => {
      this.waiting = null;
    });
  }
}
