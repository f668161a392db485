/** @file Turns a knob by its ridge: grip it from above, turn the hand. */

import type { Vector3 } from '../../../base/rotation.ts';
import { wrapAngle } from '../../../base/rotation.ts';
import { bounds, downward, fingerYaw, middle, nearestYaw, planar, ramp } from './geometry.ts';
import { axisOf } from './geometry.ts';
import { isSqueezing } from './grasp.ts';
import { wayOver } from './motion.ts';
import type { Move } from './plan.ts';
import type { Part, Scene } from './scene.ts';

/** The grip site below the ridge's top, and how far above the hand waits, metres. */
const DEPTH = 0.012;
const HOVER = 0.05;
const NEAR = 0.01;
const WIDE = 0.06;
/** The hand's yaw leads the ridge's by this while it turns, radians. */
const AHEAD = 0.5;

/** Turns the joint of an object towards more (`sign` 1) or less. */
export function turnKnob(scene: Scene, object: string, sign: 1 | -1): Move {
  const { hand } = scene;
  const { shapes, axis } = scene.joint(scene.task.objects[object]!.joints[0]!);
  const ridge = shapes.reduce((a, b) => (bounds(b).high[2] > bounds(a).high[2] ? b : a));
  const [x, y] = middle(ridge);
  const place: Vector3 = [x, y, bounds(ridge).high[2] - DEPTH];
  const yaw = nearestYaw(fingerYaw(hand.orientation), thinYaw(ridge));
  const turn = Math.abs(wrapAngle(yaw - fingerYaw(hand.orientation)));
  const off = planar(place, hand.position);
  const above = hand.position[2] - place[2];
  const at = off < 2.5 * NEAR && above < 2 * NEAR;
  if (at && isSqueezing(hand)) {
    const orientation = downward(yaw + Math.sign(axis[2]) * sign * AHEAD);
    return { subtask: 'turn', aim: { position: place, orientation, gripper: 'close' } };
  }
  const orientation = downward(yaw);
  if (at && off < NEAR && turn < 0.15) {
    return { subtask: 'grip', aim: { position: place, orientation, gripper: 'close' } };
  }
  const waiting = Math.max(ramp(turn, 0.06, 0.2), ramp(WIDE - hand.gap, 0, 0.02));
  const over: Vector3 = [x, y, place[2] + HOVER * waiting];
  return { subtask: 'reach', aim: { position: wayOver(scene, over, 0, []), orientation, gripper: 'open' } };
}

/** The yaw across the thinner of a part's level sides. */
function thinYaw(part: Part): number {
  const level = [0, 1, 2]
    .filter((axis) => Math.abs(axisOf(part.orientation, axis)[2]) < 0.7)
    .sort((a, b) => part.high[a]! - part.low[a]! - (part.high[b]! - part.low[b]!));
  const [dx, dy] = axisOf(part.orientation, level[0]!);
  return Math.atan2(dy, dx);
}
