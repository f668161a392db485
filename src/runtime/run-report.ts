/** @file How smooth a run was: jerk, and the steps between actions within chunks and from one chunk to the next. */

import type { Embodiment } from '../interfaces/embodiment.ts';
import type { TickRecord } from '../interfaces/tick-record.ts';

/** Steps between the actions of consecutive ticks: Euclidean norm, in the action's units, without the gripper. */
export interface Steps {
  readonly count: number;
  /** Null where there is none. */
  readonly mean: number | null;
  readonly max: number | null;
}

/** How smooth it was. */
export interface Smoothness {
  /**
   * The root mean square of the jerk of what the robot was told, in the action's units over s³: the third difference of absolute actions, the
   * second of deltas, which are steps already. Without the gripper. Null for fewer than four ticks.
   */
  readonly actionJerk: number | null;
  /** Where one chunk took over from another without a hold in between (the seam discontinuity), by what was wanted. */
  readonly seams: Steps;
  /** Within chunks, to compare with. */
  readonly within: Steps;
}

/** What the records of one run say; all epochs together, no step is counted across a reset. */
export function smoothness(records: readonly TickRecord[], { action, controlHz }: Embodiment): Smoothness {
  const dims = [...action.names.keys()].filter((dim) => !/gripper|finger/.test(action.names[dim]!));
  const pick = (values: Float32Array): number[] => dims.map((dim) => values[dim]!);
  const order = action.convention.reference === 'delta' ? 2 : 3;
  const seams: number[] = [];
  const within: number[] = [];
  for (const [i, record] of records.entries()) {
    const before = records[i - 1];
    if (before === undefined || before.epoch !== record.epoch || before.tick + 1 !== record.tick) continue;
    if (before.wanted === null || record.wanted === null) continue;
    const step = norm(difference(pick(record.wanted), pick(before.wanted)));
    const [origin, last] = [record, before].map(({ tick, age }) => tick - (age ?? 0));
    (origin === last ? within : seams).push(step);
  }
  const told = consecutive(records).map((run) => run.map((record) => pick(record.action)));
  return { actionJerk: rootMeanSquare(told, order, controlHz ** 3), seams: stepsOf(seams), within: stepsOf(within) };
}

/** The root mean square of the jerk along a path that is sampled `hz` times a second: length unit over s³; null for fewer than four points. */
export function pathJerk(path: readonly (readonly number[])[], hz: number): number | null {
  return rootMeanSquare([path], 3, hz ** 3);
}

/** Runs of records without a gap or a reset in between. */
function consecutive(records: readonly TickRecord[]): TickRecord[][] {
  const runs: TickRecord[][] = [];
  for (const record of records) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && last.epoch === record.epoch && last.tick + 1 === record.tick) runs.at(-1)!.push(record);
    else runs.push([record]);
  }
  return runs;
}

/** Of the norms of the differences of `order`, over all runs. */
function rootMeanSquare(
  runs: readonly (readonly (readonly number[])[])[],
  order: number,
  scale: number,
): number | null {
  let sum = 0;
  let count = 0;
  for (const run of runs) {
    let values = run;
    for (let i = 0; i < order; i++) values = values.slice(1).map((value, at) => difference(value, values[at]!));
    for (const value of values) {
      sum += norm(value) ** 2;
      count++;
    }
  }
  return count === 0 ? null : scale * Math.sqrt(sum / count);
}

function difference(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]!);
}

function norm(values: readonly number[]): number {
  return Math.hypot(...values);
}

function stepsOf(steps: readonly number[]): Steps {
  if (steps.length === 0) return { count: 0, mean: null, max: null };
  return {
    count: steps.length,
    mean: steps.reduce((sum, step) => sum + step, 0) / steps.length,
    max: Math.max(...steps),
  };
}
