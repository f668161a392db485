/** @file What a hand does, one motion after the other, and the common pieces: pick up, put down, turn. */

import type { Place, SceneObject } from './scene.ts';
import { radians } from './scene.ts';
import type { HandPose } from './planner.ts';

/** One motion, from rest to rest. */
export type Motion =
  /** To a pose by any free way. */
  | { readonly kind: 'move'; readonly pose: HandPose }
  /** Straight to a pose. `touching`: things (indices) that hand and held thing may touch. `pushing`: the thing that goes along. */
  | {
      readonly kind: 'line';
      readonly pose: HandPose;
      readonly touching: readonly number[];
      readonly pushing: number | null;
    }
  /** Closes around a thing, or about nothing (null). */
  | { readonly kind: 'close'; readonly object: number | null }
  | { readonly kind: 'open' };

/** How a thing is to end: its middle (metres) and its turn (radians, equal turns differ by `period`; 0: any). */
export interface Goal {
  readonly object: number;
  readonly position: readonly [number, number, number];
  readonly yaw: number;
  readonly period: number;
}

/** Above everything that is not in the way: metres. */
const CLEARANCE = 0.05;
/** The palm keeps above what is held: the fingertips are at most this far below its top, metres. */
const FINGER_DEPTH = 0.04;
/** The fingertips keep this far above the table, metres. */
const LOWEST_GRIP = 0.015;

/** The height of the fingertips above a thing's foot when they hold it, metres. */
export function gripHeight({ size: [, , height] }: SceneObject): number {
  return Math.max(height / 2, height - FINGER_DEPTH, LOWEST_GRIP);
}

/** The height at which things (all but `obstacles`) are passed over, metres. */
export function passHeight(things: readonly SceneObject[]): number {
  return Math.max(...things.map(({ size }) => size[2])) + CLEARANCE;
}

/** The hand's turns that fit a thing, radians, nearest to straight ahead first: fingers close across its width. */
export function gripYaws({ turn, round, size }: SceneObject): number[] {
  if (round) return [0, Math.PI / 2, -Math.PI / 2, Math.PI / 4, -Math.PI / 4];
  const period = size[0] === size[1] ? 90 : 180;
  const first = turn - period * Math.round(turn / period);
  return [first, first - period * Math.sign(first || 1), first + period * Math.sign(first || 1)]
    .filter((yaw) => Math.abs(yaw) <= 180)
    .map(radians);
}

/** The same, with the turn that is to follow, so that both ends stay near to straight ahead: easiest first. */
export function gripYawsFor(object: SceneObject, turnBy: number): number[] {
  const effort = (yaw: number): number => Math.max(Math.abs(yaw), Math.abs(yaw + turnBy));
  return gripYaws(object)
    .map((yaw, i): [number, number] => [effort(yaw) + 1e-6 * i, yaw])
    .sort(([a], [b]) => a - b)
    .map(([, yaw]) => yaw);
}

/** Over the thing, down, close, up to the height at which it can be carried. */
export function pickUp(object: SceneObject, index: number, yaw: number, pass: number, from = object.place): Motion[] {
  const [x, y] = from;
  const grip = gripHeight(object);
  return [
    { kind: 'move', pose: { position: [x, y, pass], yaw } },
    line([x, y, grip], yaw, [index]),
    { kind: 'close', object: index },
    line([x, y, pass + grip], yaw, [index]),
  ];
}

/** Carries what is held to a place, puts it down (on `floor`, metres) and leaves it. `under`: what is below it, if anything. */
export function putDown(
  object: SceneObject,
  index: number,
  [x, y]: Place,
  yaw: number,
  pass: number,
  floor = 0,
  under: readonly number[] = [],
): Motion[] {
  const grip = gripHeight(object);
  return [
    { kind: 'move', pose: { position: [x, y, pass + grip], yaw } },
    line([x, y, floor + grip], yaw, [index, ...under]),
    { kind: 'open' },
    line([x, y, Math.max(pass, floor + grip + CLEARANCE)], yaw, [index, ...under]),
  ];
}

/** A straight motion. */
export function line(
  position: readonly [number, number, number],
  yaw: number,
  touching: readonly number[],
  pushing: number | null = null,
): Motion {
  return { kind: 'line', pose: { position, yaw }, touching, pushing };
}

/** Equal turns of a thing differ by this, radians; 0: all turns are equal. */
export function symmetryOf({ round, front, size }: SceneObject): number {
  if (front !== null) return 2 * Math.PI;
  if (round) return 0;
  return size[0] === size[1] ? Math.PI / 2 : Math.PI;
}
