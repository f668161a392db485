/** @file Opens a drawer by its handle: the hand level before it, fingers above and below the bar, close, pull. */

import type { Vector3 } from '../../../base/rotation.ts';
import { add, axisOf, dot, frame, middle, subtract } from './geometry.ts';
import { wayOver } from './motion.ts';
import type { Move } from './plan.ts';
import type { Hinge, Scene } from './scene.ts';
import { angleBetween } from '../../../base/rotation.ts';
import type { Quaternion } from '../../../base/rotation.ts';

/** The hand waits this far before the handle until it is level and open, metres. */
const STANDOFF = 0.07;
/** The grip begins this near to the handle's middle, metres, and this well turned, radians. */
const NEAR = 0.012;
const TURNED = 0.15;
/** The handle counts as between the fingers within this distance. */
const AROUND = 0.03;
const WIDE = 0.06;
/** The fingers are on the bar from this gap on, metres. */
const BAR = 0.026;
/** The aim of a pull lies this far ahead. */
const AHEAD = 0.06;
/** And this far past what is wanted. */
const PAST = 0.012;
const LEAD = 0.0015;

/** Which way a drawer goes to open, and the bar that it is pulled by. */
interface Handle {
  readonly position: Vector3;
  readonly outward: Vector3;
}

/** Pulls the drawer of a region open, by `wanted` metres; it slows down before. */
export function pullOpen(scene: Scene, region: string, wanted = Infinity): Move {
  const left = Math.max(0, wanted - openingOf(scene, region));
  return byHandle(scene, region, 'pull', Math.min(AHEAD, left + PAST));
}

/** Pushes the drawer of a region shut. */
export function pushShut(scene: Scene, region: string): Move {
  return byHandle(scene, region, 'shut', -AHEAD);
}

/** Takes a handle and moves it: the aim lies `outward` metres outward of it. */
function byHandle(scene: Scene, region: string, subtask: 'pull' | 'shut', outward: number): Move {
  const { hand } = scene;
  const { parent } = scene.task.sites[region]!;
  const handle = handleOf(scene, region);
  const orientation = facing(scene, handle.outward);
  const ahead = dot(subtract(hand.position, handle.position), handle.outward);
  const beside = distanceToLine(hand.position, handle);
  const turn = angleBetween(hand.orientation, orientation);
  const at = beside < AROUND && Math.abs(ahead) < AROUND;
  if (at && hand.gapGoal < hand.gap - LEAD && hand.gap < BAR) {
    const position = add(handle.position, handle.outward, outward);
    return { subtask, aim: { position, orientation, gripper: 'close' } };
  }
  const ready = beside < NEAR && turn < TURNED;
  if (at && ready && ahead < NEAR) {
    return { subtask: 'grip', aim: { position: handle.position, orientation, gripper: 'close' } };
  }
  if (hand.gap < WIDE && at)
    return { subtask: 'reach', aim: { position: hand.position, orientation, gripper: 'open' } };
  const before = add(handle.position, handle.outward, STANDOFF);
  const position = ready && hand.gap > WIDE ? handle.position : wayOver(scene, before, 0, [parent!]);
  return { subtask: 'reach', aim: { position, orientation, gripper: 'open' } };
}

/** Lets go of a handle and moves off before it; null when the hand is free of it. */
export function withdraw(scene: Scene, region: string): Move | null {
  const { hand } = scene;
  const handle = handleOf(scene, region);
  const ahead = dot(subtract(hand.position, handle.position), handle.outward);
  if (distanceToLine(hand.position, handle) > AROUND || ahead > STANDOFF) return null;
  const orientation = facing(scene, handle.outward);
  const free = hand.gap > WIDE ? AHEAD : 0;
  return {
    subtask: 'withdraw',
    aim: { position: add(hand.position, handle.outward, free), orientation, gripper: 'open' },
  };
}

/** How far a region's drawer is open, metres. */
export function openingOf(scene: Scene, region: string): number {
  const { joints, parent } = scene.task.sites[region]!;
  const { value } = scene.joint(joints[0]!);
  return value * Math.sign(scene.task.objects[parent!]!.articulation!.open[0]!);
}

/** Whether the hand is at a region's handle. */
export function isAtHandle(scene: Scene, region: string): boolean {
  const handle = handleOf(scene, region);
  return Math.hypot(...subtract(scene.hand.position, handle.position)) < AROUND;
}

/** The handle of a region's drawer: the geom that is furthest out. */
export function handleOf(scene: Scene, region: string): Handle {
  const { joints, parent } = scene.task.sites[region]!;
  const joint = scene.joint(joints[0]!);
  const outward = outwardOf(joint, scene.task.objects[parent!]!.articulation!.open);
  const bar = joint.shapes.reduce((a, b) => (dot(middle(b), outward) > dot(middle(a), outward) ? b : a));
  return { position: middle(bar), outward };
}

function outwardOf({ axis }: Hinge, open: readonly number[]): Vector3 {
  const sign = Math.sign((open[0]! + open.at(-1)!) / 2);
  return [axis[0] * sign, axis[1] * sign, axis[2] * sign];
}

/** The hand level, pointing against `outward`, fingers one above the other; of the two such, the one nearer to the hand's pose. */
function facing({ hand }: Scene, outward: Vector3): Quaternion {
  const into: Vector3 = [-outward[0], -outward[1], -outward[2]];
  const [down, up] = [frame([0, 0, -1], into), frame([0, 0, 1], into)];
  const sideways = (q: Quaternion): number => dot(axisOf(q, 1), axisOf(hand.orientation, 1));
  return sideways(down) >= sideways(up) ? down : up;
}

function distanceToLine(point: Vector3, { position, outward }: Handle): number {
  const d = subtract(point, position);
  const along = dot(d, outward);
  return Math.hypot(...add(d, outward, -along));
}
