/** @file The expert's way with a held object: up, across, down on a place, let go, away. */

import type { Vector3 } from '../../base/rotation.ts';
import { grasp, GRASP_STEPS, isAround, isHeld } from './grasp.ts';
import { funnel, planarDistance, ramp } from './motion.ts';
import type { Plan, Step } from './task.ts';
import type { World } from './world.ts';

/** Clearance of the object's centre above its final height while it travels, metres. */
const CLEARANCE = 0.075;
/** The hand may let go this near to the place: horizontally, and above it. */
const LET_GO = 0.01;
const LET_GO_ABOVE = 0.008;
/** Once the gripper opens, it goes on opening while the object is this near. */
const STILL_THERE = 0.024;

/** Subtasks of `carryTo`, in order. */
export const CARRY_SUBTASKS = ['reach', 'grip', 'carry', 'release'] as const;

/** The same in words. */
export const CARRY_STEPS = {
  ...GRASP_STEPS,
  carry: { instruction: 'carry the {object} to the {goal}', because: 'the gripper holds the {object}' },
  release: { instruction: 'let go of the {object} on the {goal}', because: 'the {object} is on the {goal}' },
} as const satisfies Readonly<Record<(typeof CARRY_SUBTASKS)[number], Step>>;

/** Takes `object` to `place` (where its centre is to rest), from whatever the state is. */
export function carryTo(world: World, object: number, place: Vector3): Plan {
  const { robot } = world;
  const [centre, hand, yaw] = [world.position(object), robot.position(), robot.yaw()];
  const off = planarDistance(centre, place);
  const above = centre[2] - place[2];
  const held = isHeld(world, object);
  const arrived = held ? off < LET_GO && above < LET_GO_ABOVE : off < STILL_THERE && above < 2 * LET_GO_ABOVE;
  if (arrived) {
    const position: Vector3 = isAround(world, object) ? hand : [hand[0], hand[1], 0.16];
    return { subtask: 'release', aim: { position, yaw, gripper: 'open' } };
  }
  if (!held) return grasp(world, object);
  // The hand holds the object somewhere: move the OBJECT to the place. Sideways motion waits until it is high enough.
  const height = funnel(off, 0, CLEARANCE, 0.012, 0.05);
  const freedom = ramp(above, height - 0.03, 0.02);
  return {
    subtask: 'carry',
    aim: {
      position: [
        hand[0] + (place[0] - centre[0]) * freedom,
        hand[1] + (place[1] - centre[1]) * freedom,
        hand[2] + height - above,
      ],
      yaw,
      gripper: 'close',
    },
  };
}

/** Whether an object rests at a place and the gripper has let it go. */
export function isPlaced(world: World, object: number, place: Vector3, tolerance: number): boolean {
  const centre = world.position(object);
  return (
    planarDistance(centre, place) < tolerance &&
    Math.abs(centre[2] - place[2]) < 0.012 &&
    world.robot.gap() > 2 * world.shape(object).halfGrip + 0.012 &&
    !world.touched().includes(object)
  );
}
