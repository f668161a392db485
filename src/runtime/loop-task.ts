/** @file What gives a control loop's run an end of its own: the episode of a simulated robot. */

import type { ControlLoop, LoopEpisode } from './control-loop.ts';

/** Begins when the loop does, and may end it. */
export interface LoopTask {
  /** Called once, before the robot is connected; returns what the human says. */
  begin(): Promise<string>;
  /** Aborted when it is known how it ended. */
  readonly over: AbortSignal;
  /** What it came to; asked when the loop has ended. Survives structured cloning. */
  result(): unknown;
}

/** `loop.run`, until the task is over at the latest. Where the episode's instruction is empty, the task's own is said. */
export async function runTask(
  loop: ControlLoop,
  task: LoopTask | null,
  episode: LoopEpisode,
  until: { readonly signal?: AbortSignal; readonly ticks?: number },
): Promise<void> {
  if (task === null) return loop.run(episode, until);
  const said = await task.begin();
  const instruction = episode.instruction === '' ? said : episode.instruction;
  const signals = until.signal === undefined ? [task.over] : [task.over, until.signal];
  await loop.run({ ...episode, instruction }, { ...until, signal: AbortSignal.any(signals) });
}
