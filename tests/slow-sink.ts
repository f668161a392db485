/** @file A sink for tests: waits for a gate, or fails at the n-th call (−1: when it is opened). */

import type { LoopSink } from '../src/interfaces/loop-listener.ts';

interface Options {
  readonly gate?: Int32Array;
  readonly failAt?: number;
}

/** The entry that a recorder's thread opens. */
export async function openSink({ gate, failAt }: Options): Promise<LoopSink> {
  let calls = 0;
  const call = (): void => {
    if (gate !== undefined) Atomics.wait(gate, 0, 0);
    if (calls++ === failAt) throw new Error('as it was asked to');
  };
  if (failAt === -1) throw new Error('as it was asked to');
  return {
    notes: [],
    episode: call,
    tick: call,
    inference: call,
    measurement: call,
    lost: call,
    close: async () => {},
  };
}
