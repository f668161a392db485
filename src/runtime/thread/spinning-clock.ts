/** @file The machine's clock for a thread of its own: sleepers wake on time, because the last moments are spent awake. Node only. */

import type { Clock } from '../../base/clock.ts';

/** `setTimeout` wakes up to so many milliseconds late, even on a busy machine mostly. */
const AWAKE_MS = 2;
/** Within so many milliseconds of the end nothing else gets a turn. */
const ALONE_MS = 0.2;

/**
 * Sleeps, then spins: messages and timers have their turns up to a fifth of a millisecond before the end. A loop at 100 Hz costs about a
 * fifth of a core.
 */
export const spinningClock: Clock = {
  now: () => performance.now() / 1000,
  sleepUntil: (time, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const end = 1000 * time;
      let cancel = (): void => {};
      const aborted = (): void => {
        cancel();
        reject(signal!.reason as Error);
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      };
      const wait = (): void => {
        const left = end - performance.now();
        if (left > AWAKE_MS) {
          const timer = setTimeout(wait, Math.max(1, Math.floor(left - AWAKE_MS)));
          cancel = () => clearTimeout(timer);
        } else if (left > ALONE_MS) {
          const turn = setImmediate(wait);
          cancel = () => clearImmediate(turn);
        } else {
          while (performance.now() < end);
          wake();
        }
      };
      signal?.addEventListener('abort', aborted, { once: true });
      wait();
    }),
};
