/** @file The expert's grasp: over the object, turned to fit it, down, close. */

import { wrapAngle } from '../../base/rotation.ts';
import { funnel, gripYaw, planarDistance, ramp } from './motion.ts';
import type { Plan, Step } from './task.ts';
import type { World } from './world.ts';

/** The object's centre is between the pads when it is this near to the grip site: along the fingers' motion, across it, above, below; metres. */
const [BETWEEN, BESIDE, ABOVE, BELOW] = [0.014, 0.02, 0.016, 0.026];
/** Horizontally nearer than this, and no more above the object than that, it may start to close. */
const CLOSE_FROM = 0.012;
const LEVEL = 0.016;
/** The fingers count as closed on an object when the gap is at most this much wider, and this much narrower, than it; metres. */
const [WIDER, NARROWER] = [0.007, 0.015];
/** A gap below this is no longer the open gripper's: it is closing already. */
const CLOSING = 0.074;
/** Below this gap the hand waits above: closed fingers do not go around anything. */
const WIDE = 0.07;
const HOVER = 0.075;

/**
 * Whether the fingers are closed around an object, wherever along the pads. The bounds are wide, so that fingers that stopped at its
 * width have one answer (up, or on) and fingers that met each other have another (open): a policy learns best from an expert
 * whose answers change where the pictures and the state change.
 */
export function isHeld(world: World, object: number): boolean {
  const excess = world.robot.gap() - 2 * world.shape(object).halfGrip;
  return isAround(world, object) && excess < WIDER && excess > -NARROWER;
}

/** The subtasks of `grasp` in words. */
export const GRASP_STEPS = {
  reach: { instruction: 'reach for the {object}', because: 'the gripper is not around the {object}' },
  grip: { instruction: 'close the gripper on the {object}', because: 'the open gripper is around the {object}' },
} as const satisfies Readonly<Record<string, Step>>;

/** What to do until the object is held. */
export function grasp(world: World, object: number): Plan {
  const { robot } = world;
  const [place, hand] = [world.position(object), robot.position()];
  const yaw = gripYaw(robot.yaw(), world.yaw(object), world.shape(object).gripPeriod);
  const off = planarDistance(hand, place);
  const turn = Math.abs(wrapAngle(yaw - robot.yaw()));
  const aligned = world.shape(object).gripTolerance;
  const mayClose = isAround(world, object) && hand[2] - place[2] < LEVEL;
  if (mayClose && (robot.gap() < CLOSING || (off < CLOSE_FROM && turn < aligned))) {
    return { subtask: 'grip', aim: { position: place, yaw, gripper: 'close' } };
  }
  // Stay above the object until the hand is over it, turned to fit, AND open.
  const descent = Math.max(ramp(off, 0.01, 0.03), ramp(turn, aligned / 2, 0.25), ramp(WIDE - robot.gap(), 0, 0.03));
  const height = funnel(descent, place[2], place[2] + HOVER, 0, 1);
  return { subtask: 'reach', aim: { position: [place[0], place[1], height], yaw, gripper: 'open' } };
}

/** Whether the object's centre is between the pads. */
export function isAround(world: World, object: number): boolean {
  const [place, hand, yaw] = [world.position(object), world.robot.position(), world.robot.yaw()];
  const [x, y] = [place[0] - hand[0], place[1] - hand[1]];
  const across = x * Math.cos(yaw) + y * Math.sin(yaw);
  const along = y * Math.cos(yaw) - x * Math.sin(yaw);
  return (
    Math.abs(along) < BETWEEN && Math.abs(across) < BESIDE && place[2] - hand[2] < ABOVE && hand[2] - place[2] < BELOW
  );
}
