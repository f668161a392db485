/**
 * @file Records a running loop without holding it up: what the loop tells is copied and posted to a thread of its own, which feeds one or
 * more sinks (an MCAP file, a dataset, a live view). Where that thread is too slow or its disk is full, the recording suffers, not the loop.
 */

import { Worker } from 'node:worker_threads';
import { VlaError } from '../base/errors.ts';
import { fromPlainError } from '../base/plain-error.ts';
import { workerUrl } from '../base/worker-url.ts';
import type { LoopListener, LoopSession } from '../interfaces/loop-listener.ts';
import { copyTold } from './copy-told.ts';
import type { FromRecorder, RecorderSetup, SinkCall, Told, ToRecorder } from './recorder-messages.ts';

/** Where a recording goes, and how much of it may wait. */
export interface RecorderOptions {
  readonly session: LoopSession;
  readonly sinks: readonly SinkCall[];
  /** Bytes that wait for the thread; what comes beyond is dropped and counted. Default 256 MiB. */
  readonly mostBytes?: number;
  /** The same in calls; a live view waits for 2, so that it shows what is now. Default 10,000. */
  readonly mostWaiting?: number;
  /** Called once for each sink that failed, when it does. */
  readonly onProblem?: (problem: RecorderProblem) => void;
}

/** A sink that failed; the others go on. */
export interface RecorderProblem {
  readonly sink: string;
  readonly error: Error;
}

/** What a recording came to. */
export interface RecorderSummary {
  /** Ticks, inferences and measurements that reached the thread, and those that were dropped. */
  readonly told: number;
  readonly lost: number;
  readonly problems: readonly RecorderProblem[];
}

/** A recording under way; never throws at the loop. */
export interface Recorder extends LoopListener {
  /** What people are told, for example the address of a live view. */
  readonly notes: readonly string[];
  /** So many were dropped until now. */
  readonly lost: number;
  /** Resolves when at most half of what may wait does: for simulators, which can wait. Robots never do. */
  settled(): Promise<void>;
  /** Writes what waits and closes the sinks; calling it again gives the same summary. */
  close(): Promise<RecorderSummary>;
}

const MOST_BYTES = 256 * 2 ** 20;
const MOST_WAITING = 10_000;

/** Starts the thread and opens the sinks; rejects when one cannot be opened. */
export async function startRecorder(options: RecorderOptions): Promise<Recorder> {
  const setup: RecorderSetup = { sinks: options.sinks, session: options.session };
  const worker = new Worker(workerUrl(import.meta.url, './recorder-worker'), { workerData: setup });
  const notes = await new Promise<readonly string[]>((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromRecorder) => {
      worker.off('error', reject);
      if (message.kind === 'ready') resolve(message.notes);
      else reject(message.kind === 'problem' ? fromPlainError(message.error) : new Error(message.kind));
    });
  });
  // A loop that forgets to close its recorder still ends.
  worker.unref();
  return new ThreadRecorder(worker, notes, options);
}

class ThreadRecorder implements Recorder {
  readonly notes: readonly string[];
  lost = 0;
  private readonly worker: Worker;
  private readonly mostBytes: number;
  private readonly mostWaiting: number;
  private readonly onProblem: RecorderOptions['onProblem'];
  private readonly problems: RecorderProblem[] = [];
  private readonly closed: Promise<void>;
  private told = 0;
  private waitingBytes = 0;
  private waiting = 0;
  /** Dropped since the last call that was posted. */
  private lostSince = 0;
  private open = true;
  private closing: Promise<RecorderSummary> | null = null;
  private readonly settling: (() => void)[] = [];

  constructor(worker: Worker, notes: readonly string[], options: RecorderOptions) {
    this.worker = worker;
    this.notes = notes;
    this.mostBytes = options.mostBytes ?? MOST_BYTES;
    this.mostWaiting = options.mostWaiting ?? MOST_WAITING;
    this.onProblem = options.onProblem;
    this.closed = new Promise((resolve) => {
      let ended = false;
      worker.on('message', (message: FromRecorder) => {
        this.hear(message);
        if (message.kind !== 'closed') return;
        ended = true;
        resolve();
      });
      const die = (error: Error): void => {
        if (ended) return;
        ended = true;
        this.fail({ sink: 'recorder', error });
        this.open = false;
        this.settle();
        resolve();
      };
      worker.on('error', (error) => die(error instanceof Error ? error : new Error(String(error))));
      worker.on('exit', (code) => {
        die(new VlaError('io', `recorder: its thread ended with code ${code}.`));
      });
    });
  }

  episode(value: Parameters<LoopListener['episode']>[0]): void {
    this.tell({ kind: 'episode', value });
  }

  tick(value: Parameters<LoopListener['tick']>[0]): void {
    this.tell({ kind: 'tick', value });
  }

  inference(value: Parameters<LoopListener['inference']>[0]): void {
    this.tell({ kind: 'inference', value });
  }

  measurement(value: Parameters<LoopListener['measurement']>[0]): void {
    this.tell({ kind: 'measurement', value });
  }

  settled(): Promise<void> {
    return new Promise((resolve) => {
      this.settling.push(resolve);
      // Whoever waits for the thread keeps the process alive.
      this.worker.ref();
      this.settle();
    });
  }

  close(): Promise<RecorderSummary> {
    this.closing ??= this.finish();
    return this.closing;
  }

  private async finish(): Promise<RecorderSummary> {
    if (this.open) {
      this.open = false;
      this.settle();
      this.worker.ref();
      this.worker.postMessage({ kind: 'close', lost: this.lostSince } satisfies ToRecorder);
    }
    await this.closed;
    await this.worker.terminate();
    return { told: this.told, lost: this.lost, problems: this.problems };
  }

  private tell(told: Told): void {
    if (!this.open) return;
    // An episode's start is small, and what follows means nothing without it.
    const full = this.waiting >= this.mostWaiting || this.waitingBytes >= this.mostBytes;
    if (full && told.kind !== 'episode') {
      this.lost++;
      this.lostSince++;
      return;
    }
    const { copy, bytes, buffers } = copyTold(told);
    this.waiting++;
    this.waitingBytes += bytes;
    if (told.kind !== 'episode') this.told++;
    this.worker.postMessage({ kind: 'told', told: copy, lost: this.lostSince, bytes } satisfies ToRecorder, buffers);
    this.lostSince = 0;
  }

  private hear(message: FromRecorder): void {
    if (message.kind === 'done') {
      this.waiting--;
      this.waitingBytes -= message.bytes;
      this.settle();
    } else if (message.kind === 'problem') {
      this.fail({ sink: message.sink ?? 'recorder', error: fromPlainError(message.error) });
    }
  }

  private settle(): void {
    const half = this.waiting * 2 <= this.mostWaiting && this.waitingBytes * 2 <= this.mostBytes;
    if (this.settling.length === 0 || !(half || !this.open)) return;
    for (const resolve of this.settling.splice(0)) resolve();
    if (this.closing === null) this.worker.unref();
  }

  private fail(problem: RecorderProblem): void {
    this.problems.push(problem);
    this.onProblem?.(problem);
  }
}
