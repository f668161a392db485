/** @file From where the hand should be to the action that goes there, and the shapes of an expert's approach. */

import {
  axisAngleToQuaternion,
  invertQuaternion,
  matrixToQuaternion,
  multiplyQuaternions,
  quaternionToShortestAxisAngle,
  wrapAngle,
} from '../../base/rotation.ts';
import type { Quaternion, Vector3 } from '../../base/rotation.ts';
import type { Aim, Hand } from './robot-model.ts';

/** Commands per metre and per radian of error; 1 is reached at 5.5 cm and at 0.55 rad. */
const POSITION_GAIN = 18;
const ROTATION_GAIN = 1.8;
/** The hand pointing down with yaw 0: half a turn about x. */
const DOWN: Quaternion = [0, 1, 0, 0];

/** The LIBERO action towards an aim: proportional, limited in length so that the direction is kept. `orientation` is the hand's now. */
export function actionTowards(hand: Hand, orientation: ArrayLike<number>, aim: Aim): Float32Array {
  const position = hand.position();
  const error = aim.position.map((value, i) => (value - position[i]!) * POSITION_GAIN);
  const excess = Math.max(1, Math.hypot(...error) / (aim.speed ?? 1));
  const rotation = turnTowards(orientation, aim.yaw).map((value) => value * ROTATION_GAIN);
  const twist = Math.max(1, Math.hypot(...rotation));
  return Float32Array.of(
    ...error.map((value) => value / excess),
    ...rotation.map((value) => value / twist),
    aim.gripper === 'close' ? 1 : -1,
  );
}

/** The rotation from an orientation (row-major [3 × 3]) to the hand pointing down with this yaw: axis × shortest angle. */
export function turnTowards(orientation: ArrayLike<number>, yaw: number): Vector3 {
  const goal = multiplyQuaternions(axisAngleToQuaternion([0, 0, yaw]), DOWN);
  return quaternionToShortestAxisAngle(multiplyQuaternions(goal, invertQuaternion(matrixToQuaternion(orientation))));
}

/** 0 up to `from`, 1 from `from + width` on, linear between. */
export function ramp(value: number, from: number, width: number): number {
  return Math.max(0, Math.min(1, (value - from) / width));
}

/** A height that falls from `high` to `low` as the hand comes over the spot: an approach without separate phases. */
export function funnel(distance: number, low: number, high: number, from: number, width: number): number {
  return low + (high - low) * ramp(distance, from, width);
}

/** Horizontal distance, metres. */
export function planarDistance(a: Vector3, b: Vector3): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** The arm's last joint turns the hand at least this far either way, radians. */
const YAW_LIMIT = 1.95;

/**
 * The gripper yaw that fits an object at `objectYaw` with the given period, nearest to the current one: once the hand turns one way it
 * stays the nearest, so a memory-less expert does not waver. Period 0 = any yaw fits: the neutral 0.
 */
export function gripYaw(current: number, objectYaw: number, period: number): number {
  if (period === 0) return 0;
  const nearest = current + wrapAngle(objectYaw - current, period);
  return Math.abs(nearest) <= YAW_LIMIT ? nearest : nearest - Math.sign(nearest) * period;
}
