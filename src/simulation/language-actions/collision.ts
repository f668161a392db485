/** @file Whether a posture is free: the arm against the table, things and itself; what it holds against the table and things. */

import type { Vector3 } from '../../base/rotation.ts';
import { boxesTouch, segmentBoxSquared, segmentsSquared } from './distance.ts';
import type { Kinematics } from './kinematics.ts';
import { gripperCapsules, type Capsule } from './robot.ts';

/** A thing as far as collisions go: an upright box turned by `yaw` (radians). `position` is its centre; sizes in metres. */
export interface Box {
  readonly position: Vector3;
  readonly yaw: number;
  readonly half: Vector3;
}

/** What is held: its box in the tool's frame (`rotation` row-major, columns are the box's axes). */
export interface Held {
  readonly position: Vector3;
  readonly rotation: readonly number[];
  readonly half: Vector3;
}

/** What counts as a collision now. */
export interface CollisionRules {
  /** What is kept clear of what, metres. */
  readonly margin: number;
  /** The held thing's lowest point must be above this height over the table, metres. */
  readonly lowest: number;
  /** Things that the arm may touch. */
  readonly armMayTouch: readonly number[];
  readonly held: Held | null;
  /** Things that the held one may touch (itself among them). */
  readonly heldMayTouch: readonly number[];
}

/** Links before this joint stand on the table. */
const STANDING = 2;

/** Checks postures of one arm among things. */
export class CollisionChecker {
  readonly capsules: readonly Capsule[];
  private readonly kinematics: Kinematics;
  /** Six numbers per capsule: both ends in the base's frame. */
  private readonly ends: Float64Array;
  /** The middle of each, and half its length. */
  private readonly middles: Float64Array;
  private readonly halves: Float64Array;
  /** Indices of two capsules each. */
  private readonly selfPairs: Int32Array;
  private boxes: readonly Box[] = [];
  private readonly turn = new Float64Array(9);
  private readonly offset = new Float64Array(3);
  private readonly grown = new Float64Array(3);

  constructor(kinematics: Kinematics) {
    this.kinematics = kinematics;
    const { robot } = kinematics;
    this.capsules = [...robot.links, ...gripperCapsules(robot)];
    this.ends = new Float64Array(6 * this.capsules.length);
    this.middles = new Float64Array(3 * this.capsules.length);
    this.halves = Float64Array.from(this.capsules, ({ from, to }) => Math.hypot(...from.map((a, i) => to[i]! - a)) / 2);
    // Links that are apart at home should stay so; neighbours always overlap.
    kinematics.forward(Float64Array.from(robot.home));
    this.place();
    const pairs: number[] = [];
    for (const [i, a] of this.capsules.entries()) {
      for (const [j, b] of this.capsules.entries()) {
        if (j > i && b.joint - a.joint >= 2 && this.apart(i, j, 0.02)) pairs.push(i, j);
      }
    }
    this.selfPairs = Int32Array.from(pairs);
  }

  /** The things around; rules name them by their index. */
  setBoxes(boxes: readonly Box[]): void {
    this.boxes = boxes;
  }

  /** Whether the posture `q` (radians, from `at` on) is free. Leaves the arm's frames in `kinematics`. */
  free(q: Float64Array, at: number, rules: CollisionRules): boolean {
    this.kinematics.forward(q, at);
    this.place();
    const { ends, capsules, boxes, selfPairs } = this;
    const { margin, armMayTouch, held } = rules;
    for (let i = 0; i < capsules.length; i++) {
      const { joint, radius } = capsules[i]!;
      const e = 6 * i;
      if (joint >= STANDING && Math.min(ends[e + 2]!, ends[e + 5]!) < radius + margin) return false;
      for (let b = 0; b < boxes.length; b++) {
        if (!armMayTouch.includes(b) && this.meets(i, radius + margin, boxes[b]!)) return false;
      }
    }
    for (let k = 0; k < selfPairs.length; k += 2) {
      if (!this.apart(selfPairs[k]!, selfPairs[k + 1]!, margin)) return false;
    }
    return held === null || this.heldFree(held, rules);
  }

  private place(): void {
    const { capsules, ends, middles, kinematics } = this;
    const { positions: p, rotations: r } = kinematics;
    for (let i = 0; i < capsules.length; i++) {
      const { joint, from, to } = capsules[i]!;
      for (let row = 0; row < 3; row++) {
        const a = r[9 * joint + 3 * row]!;
        const b = r[9 * joint + 3 * row + 1]!;
        const c = r[9 * joint + 3 * row + 2]!;
        const origin = p[3 * joint + row]!;
        const begin = origin + a * from[0] + b * from[1] + c * from[2];
        const end = origin + a * to[0] + b * to[1] + c * to[2];
        ends[6 * i + row] = begin;
        ends[6 * i + 3 + row] = end;
        middles[3 * i + row] = (begin + end) / 2;
      }
    }
  }

  private apart(i: number, j: number, margin: number): boolean {
    const { middles: m, halves, capsules, ends } = this;
    const reach = capsules[i]!.radius + capsules[j]!.radius + margin;
    const far = reach + halves[i]! + halves[j]!;
    const x = m[3 * i]! - m[3 * j]!;
    const y = m[3 * i + 1]! - m[3 * j + 1]!;
    const z = m[3 * i + 2]! - m[3 * j + 2]!;
    return x * x + y * y + z * z > far * far || segmentsSquared(ends, 6 * i, ends, 6 * j) > reach * reach;
  }

  /** Whether the segment of capsule `i` comes nearer than `reach` to a box. */
  private meets(i: number, reach: number, { position, yaw, half }: Box): boolean {
    const { ends, middles, halves } = this;
    const x = position[0];
    const y = position[1];
    const z = position[2];
    // The ball around the segment against the box's own.
    const far = halves[i]! + Math.sqrt(half[0] ** 2 + half[1] ** 2 + half[2] ** 2) + reach;
    const dx = middles[3 * i]! - x;
    const dy = middles[3 * i + 1]! - y;
    const dz = middles[3 * i + 2]! - z;
    if (dx * dx + dy * dy + dz * dz > far * far) return false;
    const e = 6 * i;
    const ax = ends[e]! - x;
    const ay = ends[e + 1]! - y;
    const bx = ends[e + 3]! - x;
    const by = ends[e + 4]! - y;
    const c = Math.cos(yaw);
    const s = Math.sin(yaw);
    const squared = segmentBoxSquared(
      c * ax + s * ay,
      c * ay - s * ax,
      ends[e + 2]! - z,
      c * bx + s * by,
      c * by - s * bx,
      ends[e + 5]! - z,
      half[0],
      half[1],
      half[2],
    );
    return squared < reach * reach;
  }

  private heldFree({ position, rotation, half }: Held, { margin, lowest, heldMayTouch }: CollisionRules): boolean {
    const { kinematics, boxes, turn, offset, grown } = this;
    const { positions: p, rotations: r, tool } = kinematics;
    const f = 9 * tool;
    for (let i = 0; i < 3; i++) {
      const a = r[f + 3 * i]!;
      const b = r[f + 3 * i + 1]!;
      const c = r[f + 3 * i + 2]!;
      offset[i] = p[3 * tool + i]! + a * position[0] + b * position[1] + c * position[2];
      for (let j = 0; j < 3; j++) turn[3 * i + j] = a * rotation[j]! + b * rotation[3 + j]! + c * rotation[6 + j]!;
    }
    const reach = Math.abs(turn[6]!) * half[0] + Math.abs(turn[7]!) * half[1] + Math.abs(turn[8]!) * half[2];
    if (offset[2]! - reach < lowest) return false;
    for (let k = 0; k < 3; k++) grown[k] = half[k]! + margin;
    return boxes.every((box, b) => heldMayTouch.includes(b) || !touches(box, grown, offset, turn));
  }
}

/** Whether a box with half sizes `half`, centre `at` and axes `axes` in the base's frame touches `box`. */
export function touches(box: Box, half: ArrayLike<number>, at: ArrayLike<number>, axes: ArrayLike<number>): boolean {
  const x = at[0]! - box.position[0];
  const y = at[1]! - box.position[1];
  const z = at[2]! - box.position[2];
  const reach = Math.hypot(...box.half) + Math.sqrt(half[0]! ** 2 + half[1]! ** 2 + half[2]! ** 2);
  if (x * x + y * y + z * z > reach * reach) return false;
  const c = Math.cos(box.yaw);
  const s = Math.sin(box.yaw);
  const columns = [0, 1, 2];
  return boxesTouch(
    box.half,
    half,
    [c * x + s * y, c * y - s * x, z],
    [
      ...columns.map((j) => c * axes[j]! + s * axes[3 + j]!),
      ...columns.map((j) => c * axes[3 + j]! - s * axes[j]!),
      ...columns.map((j) => axes[6 + j]!),
    ],
  );
}
