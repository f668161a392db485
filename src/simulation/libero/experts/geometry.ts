/** @file Small vector geometry of the experts: boxes in the world, directions, yaws. */

import { matrixToQuaternion, quaternionToMatrix, rotateVector, wrapAngle } from '../../../base/rotation.ts';
import type { Quaternion, Vector3 } from '../../../base/rotation.ts';
import type { Part } from './scene.ts';

/** An axis-aligned box, metres, world frame. */
export interface Bounds {
  readonly low: Vector3;
  readonly high: Vector3;
}

/** a + times · b. */
export function add(a: Vector3, b: Vector3, times = 1): Vector3 {
  return [a[0] + b[0] * times, a[1] + b[1] * times, a[2] + b[2] * times];
}

/** a − b. */
export function subtract(a: Vector3, b: Vector3): Vector3 {
  return add(a, b, -1);
}

/** a · b. */
export function dot(a: Vector3, b: Vector3): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** Horizontal distance, metres. */
export function planar(a: Vector3, b: Vector3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** A vector of a frame in the world. */
export const rotated = rotateVector;

/** A point of a part's frame in the world. */
export function placed(part: Part, point: Vector3): Vector3 {
  return add(part.position, rotateVector(part.orientation, point));
}

/** The middle of a part's box. */
export function middle(part: Part): Vector3 {
  return placed(part, [0, 1, 2].map((i) => (part.low[i]! + part.high[i]!) / 2) as unknown as Vector3);
}

/** The eight corners of a box, in its frame. */
export function corners({ low, high }: { low: Vector3; high: Vector3 }): Vector3[] {
  const ends = [low, high];
  return Array.from({ length: 8 }, (_, i) => [ends[i & 1]![0], ends[(i >> 1) & 1]![1], ends[i >> 2]![2]]);
}

/** The smallest world box around a part. */
export function bounds(part: Part): Bounds {
  const centre = middle(part);
  const m = quaternionToMatrix(part.orientation);
  const reach = [0, 1, 2].map((i) =>
    [0, 1, 2].reduce((sum, k) => sum + (Math.abs(m[3 * i + k]!) * (part.high[k]! - part.low[k]!)) / 2, 0),
  ) as unknown as Vector3;
  return { low: subtract(centre, reach), high: add(centre, reach) };
}

/** Unit vector of an axis (0, 1, 2) of a frame. */
export function axisOf(orientation: Quaternion, axis: number): Vector3 {
  const m = quaternionToMatrix(orientation);
  return [m[axis]!, m[3 + axis]!, m[6 + axis]!];
}

/** The two axes of a part that lie most level. */
export function levelAxes(part: Part): number[] {
  const rise = (axis: number): number => Math.abs(dot(axisOf(part.orientation, axis), [0, 0, 1]));
  return [0, 1, 2].sort((a, b) => rise(a) - rise(b)).slice(0, 2);
}

/** The axis of a part that lies least level. */
export function uprightAxis(part: Part): number {
  const level = levelAxes(part);
  return [0, 1, 2].find((axis) => !level.includes(axis))!;
}

/** The rotation whose x and z axes are these (unit, orthogonal). */
export function frame(x: Vector3, z: Vector3): Quaternion {
  const y: Vector3 = [z[1] * x[2] - z[2] * x[1], z[2] * x[0] - z[0] * x[2], z[0] * x[1] - z[1] * x[0]];
  return matrixToQuaternion([x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]]);
}

/** The hand pointing straight down, its fingers moving along this yaw. */
export function downward(yaw: number): Quaternion {
  return frame([Math.cos(yaw), Math.sin(yaw), 0], [0, 0, -1]);
}

/** The yaw along which a hand's fingers move. */
export function fingerYaw(orientation: Quaternion): number {
  const [x, y] = axisOf(orientation, 0);
  return Math.atan2(y, x);
}

/** The yaw nearest to `now` among those that a parallel gripper cannot tell from `yaw`. */
export function nearestYaw(now: number, yaw: number): number {
  return now + wrapAngle(yaw - now, Math.PI);
}

/** 0 up to `from`, 1 from `from + width` on, linear between. */
export function ramp(value: number, from: number, width: number): number {
  return Math.max(0, Math.min(1, (value - from) / width));
}
