/** @file The machine's clock for a thread of its own: sleepers wake on time, because the last moments are slept in slices and spun. Node only. */

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Clock } from '../../base/clock.ts';

/** `setTimeout` wakes up to so many milliseconds late, even on a busy machine mostly. */
const COARSE_MS = 2;
/** Slices of sleep without timers; in between, messages have their turns. */
const SLICE_MS = 0.25;
/** Within so many milliseconds of the end nothing else gets a turn: the kernel wakes sleepers that much late. */
const SPIN_MS = 0.12;

const cell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Sleeps by timer, then in slices, then spins. Slices rather than a long spin: where cores are scarce, the kernel lets threads wait that use
 * more than their share, and lets those preempt that mostly sleep.
 */
export const punctualClock: Clock = {
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
        if (left > COARSE_MS) {
          const timer = setTimeout(wait, Math.max(1, Math.floor(left - COARSE_MS)));
          cancel = () => clearTimeout(timer);
        } else if (left > SPIN_MS) {
          Atomics.wait(cell, 0, 0, Math.min(SLICE_MS, left - SPIN_MS));
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

/** The lowest of the real-time priorities: above everything that is not real-time. */
const FIFO_PRIORITY = '1';

/**
 * Asks that this thread, alone, goes before all others whenever it is awake (SCHED_FIFO); false where that was not granted (it takes root,
 * CAP_SYS_NICE or `rtprio` in limits.conf) or cannot be asked for: only Linux gives threads priorities of their own. A low nice value does
 * not do: it counts within a session's share only.
 */
export function raisePriority(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    // "4711/task/4715"
    const thread = path.basename(fs.readlinkSync('/proc/thread-self'));
    execFileSync('chrt', ['--fifo', '--pid', FIFO_PRIORITY, thread], { stdio: 'ignore', timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}
