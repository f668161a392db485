/**
 * @file Plays the schedules of one strategy in a thread of its own: Node's test runner follows every promise of its thread, which takes ten
 * times as long as the schedules do.
 */

import { parentPort, workerData } from 'node:worker_threads';
import type { LoopCounters } from '../../src/runtime/loop-counters.ts';
import { brokenPromises, playSchedule } from './play-schedule.ts';
import { drawSchedule } from './schedule.ts';

/** Which schedules. */
export interface ScheduleOrder {
  readonly strategy: string;
  readonly firstSeed: number;
  readonly count: number;
}

/** What they gave. */
export interface ScheduleReport {
  /** The broken promises of the first schedule that broke any, with its seed. */
  readonly broken: { readonly seed: number; readonly promises: readonly string[] } | null;
  /** Counters of all. */
  readonly total: Readonly<Record<keyof LoopCounters, number>>;
}

const { strategy, firstSeed, count } = workerData as ScheduleOrder;
const total: Partial<Record<keyof LoopCounters, number>> = {};
let broken: ScheduleReport['broken'] = null;
for (let seed = firstSeed; seed < firstSeed + count && broken === null; seed++) {
  const schedule = drawSchedule(strategy, seed);
  const played = await playSchedule(schedule);
  const promises = brokenPromises(schedule, played);
  if (promises.length > 0) broken = { seed, promises };
  for (const [what, counted] of Object.entries(played.counters) as [keyof LoopCounters, number][]) {
    total[what] = (total[what] ?? 0) + counted;
  }
}
parentPort!.postMessage({ broken, total } as ScheduleReport);
