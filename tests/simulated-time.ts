/** @file Lets a simulated clock run until something that waits for it is settled. */

import type { SimulatedClock } from '../src/base/clock.ts';

/** Seconds; the answers of a bus are half a millisecond apart. */
const STEP = 0.0005;
const STEPS = 8;

/** What `work` resolves with, its waiting done in simulated time; fails after `most` seconds of it. */
export async function inSimulatedTime<T>(clock: SimulatedClock, work: Promise<T>, most = 120): Promise<T> {
  const state = { settled: false };
  const mark = (): void => void (state.settled = true);
  work.then(mark, mark);
  const end = clock.now() + most;
  while (!state.settled) {
    if (clock.now() > end) throw new Error(`nothing was settled within ${most} simulated seconds`);
    for (let i = 0; i < STEPS && !state.settled; i++) await clock.advance(clock.now() + STEP);
    // What waits for the machine (files, workers) goes on, too.
    if (!state.settled) await new Promise((resolve) => setImmediate(resolve));
  }
  return work;
}
