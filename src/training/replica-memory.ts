/** @file What the replicas of a learner share: state, gradients, and the point where they wait for each other. Node only. */

import type { FlatLayout } from './flat-parameters.ts';
import { decayMask } from './flat-parameters.ts';
import type { StateName } from './learner-state.ts';

/** Elements of `control`. */
const ARRIVED = 0;
const GENERATION = 1;
const FAILED = 2;

/** Ranges begin at multiples of this, so that no two replicas write into the same cache line. */
const ALIGNMENT = 16;

/** Memory that the main thread and all replicas see. */
export interface ReplicaMemory {
  readonly control: Int32Array;
  /** Vectors [count]; `average` is there when the optimiser averages. */
  readonly state: Readonly<Partial<Record<StateName, Float32Array>>>;
  /** Each replica's gradient [count], in the order of the replicas. */
  readonly gradients: readonly Float32Array[];
  /** For each replica's range of the vector, the sum of squares of the mean gradient. */
  readonly squares: Float64Array;
  /** Where weight decay applies (1). */
  readonly decayed: Uint8Array;
}

/** Memory for `replicas` replicas, all zeros; `reached` says which entries of the layout some gradient reaches. */
export function allocateReplicaMemory(
  layout: FlatLayout,
  stateNames: readonly StateName[],
  replicas: number,
  reached: readonly boolean[],
): ReplicaMemory {
  const vector = (): Float32Array => new Float32Array(new SharedArrayBuffer(4 * layout.count));
  const decayed = new Uint8Array(new SharedArrayBuffer(layout.count));
  decayed.set(decayMask(layout, reached));
  return {
    control: new Int32Array(new SharedArrayBuffer(12)),
    state: Object.fromEntries(stateNames.map((name) => [name, vector()])),
    gradients: Array.from({ length: replicas }, vector),
    squares: new Float64Array(new SharedArrayBuffer(8 * replicas)),
    decayed,
  };
}

/** The part [from, to) of a vector of `count` elements that replica `rank` updates. */
export function rangeOf(count: number, rank: number, replicas: number): readonly [from: number, to: number] {
  const edge = (r: number): number =>
    r === replicas ? count : ALIGNMENT * Math.floor((count * r) / (ALIGNMENT * replicas));
  return [edge(rank), edge(rank + 1)];
}

/** Blocks this thread until all `replicas` have called; what each wrote before, all see after. */
export function meet(control: Int32Array, replicas: number): void {
  const generation = Atomics.load(control, GENERATION);
  if (Atomics.add(control, ARRIVED, 1) === replicas - 1) {
    Atomics.store(control, ARRIVED, 0);
    Atomics.add(control, GENERATION, 1);
    Atomics.notify(control, GENERATION);
    return;
  }
  while (Atomics.load(control, GENERATION) === generation) Atomics.wait(control, GENERATION, generation);
}

/** Notes that a replica cannot take part in the update of request `id` (from 1). Call before `meet`. */
export function markFailed(control: Int32Array, id: number): void {
  Atomics.store(control, FAILED, id);
}

/** After `meet`: whether some replica failed at request `id`. */
export function someFailed(control: Int32Array, id: number): boolean {
  return Atomics.load(control, FAILED) === id;
}
