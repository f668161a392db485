/** @file Takes an object somewhere: grip it, lift it over what stands between, set it down, let go. */

import type { Vector3 } from '../../../base/rotation.ts';
import { add, bounds, downward, fingerYaw, planar, ramp } from './geometry.ts';
import { grasp, isHeld } from './grasp.ts';
import { wayOver } from './motion.ts';
import { wayOut } from './overhang.ts';
import type { Place } from './place.ts';
import type { Move } from './plan.ts';
import type { Scene } from './scene.ts';

/** Near enough to let go: horizontally, and of the lowest point above the support, metres. */
const LET_GO = 0.012;
const LET_GO_ABOVE = 0.012;
/** Once the fingers open, they go on opening while the object is this near. */
const STILL_THERE = 0.03;
/** Setting down is aimed a little too low, so that the object touches. */
const PRESS = 0.008;

/** Takes `object` to a place, from whatever the state is. */
export function carry(scene: Scene, object: string, place: Place): Move {
  const { hand } = scene;
  const part = scene.object(object);
  const lowest = bounds(part).low[2];
  const held = isHeld(scene, object);
  const off = planar(part.position, place.position);
  const above = lowest - place.position[2];
  const orientation = downward(fingerYaw(hand.orientation));
  const arrived = held ? off < LET_GO && above < LET_GO_ABOVE : off < STILL_THERE && above < 2 * LET_GO_ABOVE;
  if (arrived || (held && place.reached))
    return { subtask: 'release', aim: { position: hand.position, orientation, gripper: 'open' } };
  if (!held) return grasp(scene, object, place);
  const out = wayOut(scene, object);
  if (out !== null) {
    return { subtask: 'carry', aim: { position: add(hand.position, out), orientation, gripper: 'close' } };
  }
  const goal: Vector3 = [
    hand.position[0] + place.position[0] - part.position[0],
    hand.position[1] + place.position[1] - part.position[1],
    hand.position[2] - above - PRESS * (1 - ramp(off, 0, 0.02)),
  ];
  const position = wayOver(scene, goal, hand.position[2] - lowest, [object, ...(off < 0.04 ? place.onto : [])]);
  return { subtask: 'carry', aim: { position, orientation, gripper: 'close' } };
}
