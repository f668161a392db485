/** @file Requests that wait for their turn at the policy: first come, first served, no more than so many, each with a deadline. */

import { VlaError } from '../base/errors.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import type { RequestOutcome, ServingMetrics } from './metrics.ts';

/** A request that was not taken, or not answered in time: the next one may be. */
export class BusyError extends VlaError {}

/** One run of a request; `cancel` says that its answer is no longer wanted. */
export interface StartedRequest {
  readonly answer: Promise<ActionChunk>;
  cancel(): void;
}

/** A request before its turn. */
export interface QueuedRequest {
  /** Called when it is its turn. */
  start(): StartedRequest;
  /** Any of them cancels it. */
  readonly signals: readonly AbortSignal[];
  readonly deadlineMs: number;
}

interface Entry {
  readonly request: QueuedRequest;
  readonly resolve: (chunk: ActionChunk) => void;
  readonly reject: (error: Error) => void;
  started: StartedRequest | null;
  settled: boolean;
}

/** The queue in front of a policy. */
export class RequestQueue {
  private readonly entries: Entry[] = [];
  private readonly runs = new Set<Entry>();
  /** How many run at one time. */
  parallel = 1;
  private readonly most: number;
  private readonly metrics: () => ServingMetrics;

  /** `most` may wait while others run. */
  constructor(most: number, metrics: () => ServingMetrics) {
    [this.most, this.metrics] = [most, metrics];
  }

  get waiting(): number {
    return this.entries.length;
  }

  get running(): number {
    return this.runs.size;
  }

  /** Resolves with the chunk; see `PolicySession.infer` for what it rejects with. */
  add(request: QueuedRequest): Promise<ActionChunk> {
    const begun = performance.now();
    if (this.entries.length >= this.most && this.runs.size >= this.parallel) {
      this.metrics().noteRefusal('queue');
      return Promise.reject(
        new BusyError('unsupported', `queue: expected at most ${this.most} waiting requests, got one more.`, {
          hint: 'The policy is slower than its clients ask; ask again later, or serve it on more machines.',
        }),
      );
    }
    return new Promise<ActionChunk>((resolve, reject) => {
      let outcome: RequestOutcome = 'error';
      const { signals, deadlineMs } = request;
      const finish = (settle: () => void): void => {
        if (entry.settled) return;
        entry.settled = true;
        clearTimeout(timer);
        for (const signal of signals) signal.removeEventListener('abort', abort);
        const at = this.entries.indexOf(entry);
        if (at >= 0) this.entries.splice(at, 1);
        this.metrics().noteRequest(outcome, (performance.now() - begun) / 1000);
        settle();
      };
      const giveUp = (why: RequestOutcome, message: string): void => {
        outcome = why;
        const where = entry.started === null ? 'waiting' : 'at work';
        entry.started?.cancel();
        finish(() =>
          reject(
            new BusyError('interrupted', `request: ${message}, ${where}.`, {
              hint: 'Ask again with a new observation.',
            }),
          ),
        );
      };
      const abort = (): void => giveUp('cancelled', 'it was cancelled');
      const entry: Entry = {
        request,
        resolve: (chunk) => {
          outcome = 'ok';
          finish(() => resolve(chunk));
        },
        reject: (error) => finish(() => reject(error)),
        started: null,
        settled: false,
      };
      const timer = setTimeout(() => giveUp('deadline', `its deadline of ${deadlineMs} ms has passed`), deadlineMs);
      if (signals.some(({ aborted }) => aborted)) return abort();
      for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
      this.entries.push(entry);
      this.next();
    });
  }

  /** Rejects all that wait. */
  clear(error: VlaError): void {
    for (const entry of this.entries.splice(0)) entry.reject(error);
  }

  private next(): void {
    while (this.runs.size < this.parallel) {
      const entry = this.entries.shift();
      if (entry === undefined) return;
      this.runs.add(entry);
      void this.run(entry);
    }
  }

  private async run(entry: Entry): Promise<void> {
    try {
      entry.started = entry.request.start();
      entry.resolve(await entry.started.answer);
    } catch (error) {
      entry.reject(error as Error);
    }
    this.runs.delete(entry);
    this.next();
  }
}
