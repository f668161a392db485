/** @file From where the hand should be to the action that goes there, and ways over what stands between. */

import { invertQuaternion, multiplyQuaternions, quaternionToShortestAxisAngle } from '../../../base/rotation.ts';
import type { Quaternion, Vector3 } from '../../../base/rotation.ts';
import { LIBERO_OSC } from '../../control/osc-pose.ts';
import { bounds, planar, ramp } from './geometry.ts';
import type { Scene } from './scene.ts';

/** Where the hand should be. */
export interface Aim {
  /** Of the grip site, metres. */
  readonly position: Vector3;
  readonly orientation: Quaternion;
  readonly gripper: 'open' | 'close';
  /** Largest translation command, (0, 1]; default 1. */
  readonly speed?: number;
}

/** How much of the error the commanded goal makes up for; the controller's own lag keeps 1.5 well damped. */
const POSITION_GAIN = 1.5;
const ROTATION_GAIN = 1;
/** Clearance of whatever travels above whatever stands, and half the width of the way that must be free, metres. */
const CLEARANCE = 0.025;
const HALF_WAY = 0.06;
/** Sideways motion begins this far below the height that it needs. */
const EARLY = 0.03;

/** The LIBERO action towards an aim: proportional, limited in length so that the direction is kept. */
export function actionTowards({ hand }: Scene, aim: Aim): Float32Array {
  const turn = multiplyQuaternions(aim.orientation, invertQuaternion(hand.orientation));
  const move = limited(
    aim.position.map((value, i) => ((value - hand.position[i]!) * POSITION_GAIN) / LIBERO_OSC.positionScale),
    aim.speed ?? 1,
  );
  const twist = limited(
    quaternionToShortestAxisAngle(turn).map((value) => (value * ROTATION_GAIN) / LIBERO_OSC.rotationScale),
    1,
  );
  return Float32Array.of(...move, ...twist, aim.gripper === 'close' ? 1 : -1);
}

/**
 * The next place on the way from the hand to `goal` that lifts what reaches `below` metres under the grip site over all objects on the
 * straight way (but `ignored`): up, then across, then down.
 */
export function wayOver(scene: Scene, goal: Vector3, below: number, ignored: readonly string[]): Vector3 {
  const { position } = scene.hand;
  const off = planar(position, goal);
  if (off < 0.01) return goal;
  const needed = tallest(scene, position, goal, ignored) + CLEARANCE + below;
  // Going down begins on the last centimetres.
  const height = goal[2] + Math.max(0, needed - goal[2]) * ramp(off, 0.012, 0.04);
  const freedom = ramp(position[2], height - EARLY, EARLY / 2);
  return [position[0] + (goal[0] - position[0]) * freedom, position[1] + (goal[1] - position[1]) * freedom, height];
}

/** The highest point of the objects on the way between two points; −∞ when it is free. */
export function tallest(scene: Scene, from: Vector3, to: Vector3, ignored: readonly string[]): number {
  let top = -Infinity;
  for (const name of Object.keys(scene.task.objects)) {
    if (ignored.includes(name)) continue;
    for (const part of scene.parts(name)) {
      const { low, high } = bounds(part);
      const grown = [low[0] - HALF_WAY, low[1] - HALF_WAY, high[0] + HALF_WAY, high[1] + HALF_WAY] as const;
      if (high[2] > top && crosses(from, to, grown)) top = high[2];
    }
  }
  return top;
}

/** Whether a horizontal segment meets a rectangle [x0, y0, x1, y1] (slab method). */
function crosses(from: Vector3, to: Vector3, box: readonly [number, number, number, number]): boolean {
  let [enter, leave] = [0, 1];
  for (const axis of [0, 1] as const) {
    const step = to[axis] - from[axis];
    const [a, b] = [box[axis] - from[axis], box[axis + 2]! - from[axis]];
    if (Math.abs(step) < 1e-9) {
      if (a > 0 || b < 0) return false;
      continue;
    }
    enter = Math.max(enter, Math.min(a / step, b / step));
    leave = Math.min(leave, Math.max(a / step, b / step));
  }
  return enter <= leave;
}

function limited(values: readonly number[], most: number): number[] {
  const excess = Math.max(1, Math.hypot(...values) / most);
  return values.map((value) => value / excess);
}
