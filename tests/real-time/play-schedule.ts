/** @file Plays a schedule against a loop in simulated time, and says which promises it broke. */

import { SimulatedClock } from '../../src/base/clock.ts';
import type { TickRecord } from '../../src/interfaces/tick-record.ts';
import { ControlLoop, type LoopConfig } from '../../src/runtime/control-loop.ts';
import type { LoopCounters } from '../../src/runtime/loop-counters.ts';
import { plainGate, type PlainGate } from './plain-gate.ts';
import { pointRobot, type PointRobot } from './point-robot.ts';
import type { Schedule } from './schedule.ts';
import { walkingPolicy, type WalkingPolicy } from './walking-policy.ts';

/** The largest step within a chunk: the stated limit of seams. */
export const STEP = 0.1;

/** What happened. */
export interface PlayedSchedule {
  readonly records: readonly TickRecord[];
  readonly counters: LoopCounters;
  readonly gate: PlainGate;
  readonly robot: PointRobot;
  readonly policy: WalkingPolicy;
  /** When each episode began, by epoch, seconds. */
  readonly begun: readonly number[];
}

/** Plays it. `Loop` and `change` put a broken part in the place of a sound one. */
export async function playSchedule(
  schedule: Schedule,
  Loop: typeof ControlLoop = ControlLoop,
  change: Partial<LoopConfig> = {},
): Promise<PlayedSchedule> {
  const { controlHz, ticks, horizon, seed, continues, plan, sensors, strategy, longestAge, grace } = schedule;
  const clock = new SimulatedClock(5);
  const robot = pointRobot(clock, controlHz, sensors);
  const gate = plainGate(robot);
  const policy = walkingPolicy(clock, robot.embodiment, { horizon, step: STEP, seed, continues, plan });
  const loop = new Loop({
    gate,
    policy,
    strategy,
    clock,
    timeline: { staleness: schedule.staleness },
    latency: schedule.latency,
    longestAge,
    grace,
    inferenceTimeout: schedule.timeout,
    retryAfter: 1.5 / controlHz,
    failuresInRow: Infinity,
    ...change,
  });
  const records: TickRecord[] = [];
  loop.listen((record) => records.push(record));
  const begun = [clock.now()];
  const run = loop.run({ seed: 0, instruction: 'walk' }, { ticks });
  for (const [i, at] of schedule.resets.entries()) {
    await clock.advance(5 + at);
    void loop.reset({ seed: i + 1, instruction: 'walk' }).then(
      () => begun.push(clock.now()),
      () => undefined,
    );
  }
  await clock.advance(5 + ticks / controlHz + 1);
  await run;
  return { records, counters: loop.counters, gate, robot, policy, begun };
}

/** The promises that the run broke, as sentences. */
export function brokenPromises(schedule: Schedule, played: PlayedSchedule): string[] {
  const { records, gate, robot } = played;
  const broken: string[] = [];
  if (records.length !== schedule.ticks) broken.push(`${records.length} records of ${schedule.ticks} ticks`);
  if (gate.calls.length !== records.length || robot.told.length !== records.length) {
    broken.push(`${records.length} ticks, but the robot was told ${robot.told.length} actions`);
  }
  for (const [i, record] of records.entries()) {
    const before = records[i - 1];
    for (const what of [
      ...timeOf(schedule, record, before),
      ...originOf(schedule, record),
      ...seenOf(schedule, record, played.begun),
      ...seamOf(schedule, record, before),
    ]) {
      broken.push(`record ${i}: ${what}`);
    }
  }
  return broken;
}

function timeOf({ controlHz, grace }: Schedule, record: TickRecord, before: TickRecord | undefined): string[] {
  const first = before === undefined || before.epoch !== record.epoch;
  if (record.tick !== (first ? 0 : before.tick + 1)) return [`tick ${record.tick} after ${before?.tick}`];
  if (before !== undefined && record.epoch !== before.epoch && record.epoch <= before.epoch) return ['an old epoch'];
  const gap = before === undefined ? 1 / controlHz : record.time - before.time;
  return Math.abs(gap - 1 / controlHz) <= grace + 1e-9 ? [] : [`${gap} s after the one before`];
}

/** Of which episode and age the action is; what the action itself says counts, not the record. */
function originOf({ longestAge, strategy }: Schedule, { wanted, age, tick, epoch, source }: TickRecord): string[] {
  if (wanted === null) return age === null && source === 'hold' ? [] : ['an age or a source without an action'];
  const broken: string[] = [];
  const [, seed, observed] = wanted as unknown as [number, number, number];
  if (seed !== epoch) broken.push(`an action of episode ${seed} in episode ${epoch}`);
  if (age === null || age < 0 || age > longestAge) broken.push(`an action ${age} ticks old`);
  // Prefixes repeat older actions, averages lie between, and a future state is of a later tick.
  const exact = ['synchronous', 'naive-asynchronous'].includes(strategy.name);
  if (exact && tick - observed !== age) broken.push(`an action of tick ${observed} at ${tick}, said to be ${age} old`);
  return broken;
}

function seenOf({ staleness }: Schedule, record: TickRecord, begun: readonly number[]): string[] {
  const { observation, epoch, time, tick } = record;
  if (observation === null) return [];
  const measured = observation.state[0]!;
  if (measured < begun[epoch]! - 1e-4) return [`a measurement of ${measured} s in episode ${epoch}`];
  if (time - measured > staleness + 0.2 / 10 + 1e-4) return [`a measurement ${time - measured} s old`];
  return observation.tick === tick ? [] : [`an observation of tick ${observation.tick}`];
}

function seamOf({ strategy }: Schedule, record: TickRecord, before: TickRecord | undefined): string[] {
  if (!strategy.joins || before === undefined || before.epoch !== record.epoch) return [];
  if (record.wanted === null || before.wanted === null) return [];
  const step = Math.abs(record.wanted[0]! - before.wanted[0]!);
  return step <= STEP + 1e-5 ? [] : [`a step of ${step} at tick ${record.tick}`];
}
