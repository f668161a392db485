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
import type { Robot } from './robot.ts';

/** Where the hand should be. */
export interface Aim {
  /** Grip site, metres. */
  readonly position: Vector3;
  /** Rotation about the vertical; the hand points down. Radians. */
  readonly yaw: number;
  readonly gripper: 'open' | 'close';
  /** Largest translation command, (0, 1]; default 1. */
  readonly speed?: number;
}

/** Commands per metre and per radian of error; 1 is reached at 5.5 cm and at 0.55 rad. */
const POSITION_GAIN = 18;
const ROTATION_GAIN = 1.8;
/** The hand pointing down with yaw 0: half a turn about x. */
const DOWN: Quaternion = [0, 1, 0, 0];

/** The action towards an aim: proportional, limited in length so that the direction is kept. */
export function actionTowards(robot: Robot, aim: Aim): Float32Array {
  const position = robot.position();
  const error = aim.position.map((value, i) => (value - position[i]!) * POSITION_GAIN);
  const excess = Math.max(1, Math.hypot(...error) / (aim.speed ?? 1));
  const goal = multiplyQuaternions(axisAngleToQuaternion([0, 0, aim.yaw]), DOWN);
  const now = matrixToQuaternion(robot.orientation());
  const turn = quaternionToShortestAxisAngle(multiplyQuaternions(goal, invertQuaternion(now)));
  const rotation = turn.map((value) => value * ROTATION_GAIN);
  const twist = Math.max(1, Math.hypot(...rotation));
  return Float32Array.of(
    ...error.map((value) => value / excess),
    ...rotation.map((value) => value / twist),
    aim.gripper === 'close' ? 1 : -1,
  );
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
