/** @file A policy in a process of its own, for tests that kill it: answers a tick with a chunk of actions that swing the robot. */

import process from 'node:process';

/** What the parent asks. */
export interface PolicyQuestion {
  readonly tick: number;
  readonly dim: number;
  readonly horizon: number;
}

/** What it is answered. */
export interface PolicyAnswer {
  readonly tick: number;
  readonly actions: readonly (readonly number[])[];
}

process.on('message', ({ tick, dim, horizon }: PolicyQuestion) => {
  const actions = Array.from({ length: horizon }, (_, i) =>
    Array.from({ length: dim }, (_, k) => 0.8 * Math.sin((tick + i) / 12 + k)),
  );
  process.send!({ tick, actions } satisfies PolicyAnswer);
});
process.send!('ready');
