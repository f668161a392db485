/** @file The server's end of a policy's thread: questions with answers, and one word when the thread is gone. */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../base/errors.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import {
  thrownError,
  type FromThread,
  type ThreadContract,
  type ThreadData,
  type ThreadQuestion,
  type ToThread,
} from './thread-messages.ts';

interface Waiting {
  resolve(chunk: ActionChunk | null): void;
  reject(error: VlaError): void;
}

/** A thread with a policy in it. */
export class PolicyThread {
  /** Resolves when the policy is warm; rejects with what it cannot be opened by, or when the thread dies before. */
  readonly warm: Promise<ThreadContract>;
  /** Resolves when the thread has ended, with why: null when it was asked to. Its questions are rejected before. */
  readonly gone: Promise<VlaError | null>;
  /** Whether it has not ended. */
  alive = true;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private next = 0;
  private asked = false;

  constructor(data: ThreadData) {
    this.worker = new Worker(workerUrl(import.meta.url, './policy-worker'), { workerData: data });
    let settle: { resolve(contract: ThreadContract): void; reject(error: VlaError): void };
    this.warm = new Promise((resolve, reject) => (settle = { resolve, reject }));
    // Whoever is interested waits for it.
    this.warm.catch(() => undefined);
    let why: unknown = null;
    this.worker.on('error', (error) => (why = error));
    this.worker.on('message', (message: FromThread) => {
      if (message.kind === 'warm') settle.resolve(message.contract);
      else if (message.kind === 'failed') settle.reject(thrownError(message.error));
      else this.hear(message);
    });
    this.gone = new Promise((resolve) => {
      this.worker.once('exit', (code) => {
        const reason = why instanceof Error ? why.message : `exit code ${code}`;
        const lost = new VlaError('io', `policy: its thread ended (${reason}).`, {
          cause: why,
          hint: 'The server starts it again; begin a new episode.',
        });
        this.alive = false;
        settle.reject(lost);
        for (const { reject } of this.waiting.values()) reject(lost);
        this.waiting.clear();
        resolve(this.asked ? null : lost);
      });
    });
  }

  /** Asks; rejects with the policy's error, or `io` when the thread dies. `handOver` is memory that the thread takes. */
  ask(
    question: ThreadQuestion,
    handOver: readonly ArrayBuffer[] = [],
  ): { id: number; answer: Promise<ActionChunk | null> } {
    const id = this.next++;
    const answer = new Promise<ActionChunk | null>((resolve, reject) => {
      this.worker.postMessage({ id, question } satisfies ToThread, [...handOver]);
      this.waiting.set(id, { resolve, reject });
    });
    return { id, answer };
  }

  /** The answer to this question is no longer wanted; it still comes. */
  cancel(id: number): void {
    this.worker.postMessage({ id, question: 'cancel' } satisfies ToThread);
  }

  /** Ends the thread at once, as its own wish (`gone` is null) or because it hangs. */
  async end(wanted = true): Promise<void> {
    this.asked ||= wanted;
    await this.worker.terminate();
    await this.gone;
  }

  private hear(message: Extract<FromThread, { id: number }>): void {
    const asked = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.kind === 'answer') asked?.resolve(message.chunk);
    else asked?.reject(thrownError(message.error));
  }
}
