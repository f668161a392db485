/** @file The expert's grasp: over the object, turned to fit it, down, close. */

import { wrapAngle } from '../../base/rotation.ts';
import { funnel, gripYaw, planarDistance, ramp } from './motion.ts';
import type { Plan } from './task.ts';
import type { World } from './world.ts';

/** The hand is on the object when it is this near, horizontally and vertically; metres. */
const NEAR = 0.014;
/** Nearer than this it may start to close. */
const CLOSE_FROM = 0.012;
/** The fingers count as closed on an object when the gap is at most this much wider than it, metres. */
const SLACK = 0.007;
/** A gap below this is no longer the open gripper's: it is closing already. */
const CLOSING = 0.074;
/** Below this gap the hand waits above: closed fingers do not go around anything. */
const WIDE = 0.07;
const HOVER = 0.075;

/** Whether the fingers are closed around an object. */
export function isHeld(world: World, object: number): boolean {
  return isAround(world, object) && world.robot.gap() < 2 * world.shape(object).halfGrip + SLACK;
}

/** What to do until the object is held. */
export function grasp(world: World, object: number): Plan {
  const { robot } = world;
  const [place, hand] = [world.position(object), robot.position()];
  const yaw = gripYaw(robot.yaw(), world.yaw(object), world.shape(object).gripPeriod);
  const off = planarDistance(hand, place);
  const turn = Math.abs(wrapAngle(yaw - robot.yaw()));
  const aligned = world.shape(object).gripTolerance;
  if (isAround(world, object) && (robot.gap() < CLOSING || (off < CLOSE_FROM && turn < aligned))) {
    return { subtask: 'grip', aim: { position: place, yaw, gripper: 'close' } };
  }
  // Stay above the object until the hand is over it, turned to fit, AND open.
  const descent = Math.max(ramp(off, 0.01, 0.03), ramp(turn, aligned / 2, 0.25), ramp(WIDE - robot.gap(), 0, 0.03));
  const height = funnel(descent, place[2], place[2] + HOVER, 0, 1);
  return { subtask: 'reach', aim: { position: [place[0], place[1], height], yaw, gripper: 'open' } };
}

/** Whether the grip site is at the object's centre. */
export function isAround(world: World, object: number): boolean {
  const [place, hand] = [world.position(object), world.robot.position()];
  return planarDistance(hand, place) < NEAR && Math.abs(hand[2] - place[2]) < NEAR;
}
