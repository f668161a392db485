/** @file The expert's grasp: over the object, turned to fit it, down, close. */

import { wrapAngle } from '../../base/rotation.ts';
import type { Vector3 } from '../../base/rotation.ts';
import { funnel, gripYaw, planarDistance, ramp } from './motion.ts';
import type { Hand, TableRobot } from './robot-model.ts';
import type { Plan, Step } from './task.ts';
import type { World } from './world.ts';

/** A thing, or a part of one, between the fingers of a gripper. */
export interface Graspable {
  /** Its centre, metres, and its rotation about the vertical. */
  readonly position: Vector3;
  readonly yaw: number;
  /** Half its width between the pads, and at which yaws the gripper fits; see `Shape`. */
  readonly halfGrip: number;
  readonly gripPeriod: number;
  readonly gripTolerance: number;
}

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

/** An object as a whole. */
export function thing(world: World<TableRobot>, object: number): Graspable {
  return { ...world.shape(object), position: world.position(object), yaw: world.yaw(object) };
}

/** Whether the fingers of the hand at an object are closed around it; see `holds`. */
export function isHeld(world: World<TableRobot>, object: number): boolean {
  return holds(world.robot.handAt(world.position(object)), thing(world, object));
}

/** The subtasks of `grasp` in words. */
export const GRASP_STEPS = {
  reach: { instruction: 'reach for the {object}', because: 'the gripper is not around the {object}' },
  grip: { instruction: 'close the gripper on the {object}', because: 'the open gripper is around the {object}' },
} as const satisfies Readonly<Record<string, Step>>;

/** What to do until the object is held. */
export function grasp(world: World, object: number): Plan {
  return graspWith(world.robot, thing(world, object));
}

/** Whether an object's centre is between the pads of the hand at it. */
export function isAround(world: World<TableRobot>, object: number): boolean {
  return surrounds(world.robot.handAt(world.position(object)), thing(world, object));
}

/**
 * Whether the fingers are closed around a thing, wherever along the pads. The bounds are wide, so that fingers that stopped at its
 * width have one answer (up, or on) and fingers that met each other have another (open): a policy learns best from an expert
 * whose answers change where the pictures and the state change.
 */
export function holds(hand: Hand, held: Graspable): boolean {
  const excess = hand.gap() - 2 * held.halfGrip;
  return surrounds(hand, held) && excess < WIDER && excess > -NARROWER;
}

/** What a hand does until it holds a thing. */
export function graspWith(hand: Hand, wanted: Graspable): Plan {
  const [place, at] = [wanted.position, hand.position()];
  const yaw = gripYaw(hand.yaw(), wanted.yaw, wanted.gripPeriod);
  const off = planarDistance(at, place);
  const turn = Math.abs(wrapAngle(yaw - hand.yaw()));
  const aligned = wanted.gripTolerance;
  const mayClose = surrounds(hand, wanted) && at[2] - place[2] < LEVEL;
  if (mayClose && (hand.gap() < CLOSING || (off < CLOSE_FROM && turn < aligned))) {
    return { subtask: 'grip', aim: { position: place, yaw, gripper: 'close' } };
  }
  // Stay above the object until the hand is over it, turned to fit, AND open.
  const descent = Math.max(ramp(off, 0.01, 0.03), ramp(turn, aligned / 2, 0.25), ramp(WIDE - hand.gap(), 0, 0.03));
  const height = funnel(descent, place[2], place[2] + HOVER, 0, 1);
  return { subtask: 'reach', aim: { position: [place[0], place[1], height], yaw, gripper: 'open' } };
}

/** Whether a thing's centre is between the pads of a hand. */
export function surrounds(hand: Hand, { position: place }: Graspable): boolean {
  const [at, yaw] = [hand.position(), hand.yaw()];
  const [x, y] = [place[0] - at[0], place[1] - at[1]];
  const across = x * Math.cos(yaw) + y * Math.sin(yaw);
  const along = y * Math.cos(yaw) - x * Math.sin(yaw);
  return Math.abs(along) < BETWEEN && Math.abs(across) < BESIDE && place[2] - at[2] < ABOVE && at[2] - place[2] < BELOW;
}
