/** @file Time that can be simulated: what runs against a `Clock` runs in real time, or as fast as it computes, in the same order every time. */

import { VlaError } from './errors.ts';

/** A clock that never goes back. */
export interface Clock {
  /** Seconds since some moment; only differences mean something. */
  now(): number;
  /** Resolves at `time` (at once when it is past); rejects with the signal's reason when it is aborted before. */
  sleepUntil(time: number, signal?: AbortSignal): Promise<void>;
}

/** The longest wait of `setTimeout`, ms. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's monotonic clock. Sleepers wake up to a few milliseconds late. */
export const systemClock: Clock = {
  now: () => performance.now() / 1000,
  sleepUntil: (time, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const wait = (): void => {
        const left = 1000 * time - performance.now();
        if (left <= 0) return finish(resolve);
        timer = setTimeout(wait, Math.min(left, LONGEST_MS));
      };
      const aborted = (): void => finish(() => reject(signal!.reason as Error));
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', aborted);
        settle();
      };
      let timer: ReturnType<typeof setTimeout> | undefined;
      signal?.addEventListener('abort', aborted, { once: true });
      wait();
    }),
};

interface Sleeper {
  readonly time: number;
  readonly wake: () => void;
}

/** Turns of the microtask queue that are left to whoever woke, before time goes on. */
const TURNS = 50;

/**
 * A clock that stands still until `advance` moves it: sleepers wake in the order of their times, those of one time in the order in
 * which they fell asleep, and everything a sleeper starts without real waiting is done before the next one wakes.
 */
export class SimulatedClock implements Clock {
  private time: number;
  private sleepers: Sleeper[] = [];
  private readonly work = new Set<Promise<unknown>>();

  /** `start` in seconds. */
  constructor(start = 0) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  sleepUntil(time: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (!Number.isFinite(time)) {
        throw new VlaError('bad-argument', `clock: expected a finite time to sleep until, got ${time}.`);
      }
      const aborted = (): void => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        reject(signal!.reason as Error);
      };
      const sleeper: Sleeper = {
        time,
        wake: () => {
          signal?.removeEventListener('abort', aborted);
          resolve();
        },
      };
      signal?.addEventListener('abort', aborted, { once: true });
      // Behind those of the same time.
      const at = this.sleepers.findIndex((other) => other.time > time);
      this.sleepers.splice(at < 0 ? this.sleepers.length : at, 0, sleeper);
    });
  }

  /** Lets time stand still until `work`, which takes real time (a model, another thread), has settled; hands its result through. */
  standStill<T>(work: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = work
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => this.work.delete(settled));
    this.work.add(settled);
    return work;
  }

  /** Moves time forward to `time` (seconds), waking sleepers on the way. */
  async advance(time: number): Promise<void> {
    await this.settle();
    for (;;) {
      const next = this.sleepers[0];
      if (next === undefined || next.time > time) break;
      this.sleepers.shift();
      this.time = Math.max(this.time, next.time);
      next.wake();
      await this.settle();
    }
    this.time = Math.max(this.time, time);
  }

  /** Gives whoever woke their turns, and waits for the real work that they start. */
  private async settle(): Promise<void> {
    for (;;) {
      for (let i = 0; i < TURNS; i++) await Promise.resolve();
      if (this.work.size === 0) return;
      await Promise.all(this.work);
    }
  }
}

/** `work` that takes real time, on a clock: a simulated one stands still for it. */
export function realWork<T>(clock: Clock, work: Promise<T>): Promise<T> {
  return clock instanceof SimulatedClock ? clock.standStill(work) : work;
}
