/** @file Slides a flat object over the table to a region, held by its rim. */

import type { Vector3 } from '../../../base/rotation.ts';
import { downward, fingerYaw } from './geometry.ts';
import { grasp, isHeld } from './grasp.ts';
import type { Place } from './place.ts';
import type { Move } from './plan.ts';
import type { Scene } from './scene.ts';

/** The sliding hand keeps to this speed, a share of the fastest. */
const SPEED = 0.8;

/** Takes `object` to a place of the table without lifting it: first sideways, then towards or away from the robot. */
export function slide(scene: Scene, object: string, place: Place): Move {
  if (!isHeld(scene, object)) return grasp(scene, object, place);
  const { hand } = scene;
  const { position } = scene.object(object);
  const [dx, dy] = [place.position[0] - position[0], place.position[1] - position[1]];
  const sideways = Math.abs(dy) > 0.02;
  const aim: Vector3 = [hand.position[0] + (sideways ? 0 : dx), hand.position[1] + dy, hand.position[2]];
  const orientation = downward(fingerYaw(hand.orientation));
  return { subtask: 'push', aim: { position: aim, orientation, gripper: 'close', speed: SPEED } };
}
