/**
 * @file Keyframes: of the frames of an episode those at which the robot has moved since the last one that was taken
 * (DM0, section on data processing: frames with significant changes of state, without repetitive or static segments).
 */

import { angleBetween } from '../../base/rotation.ts';
import { readRotation } from '../../codec/relative-pose.ts';
import { otherDimensions, type MotionLayout } from './motion-layout.ts';
import { gripperRange } from './motion-measures.ts';
import type { Spread } from './spread.ts';

/** How much motion makes a keyframe; any of them does. */
export interface KeyframeThresholds {
  /** Metres that an end effector moved. */
  readonly distance: number;
  /** Radians that it turned. */
  readonly angle: number;
  /** Share of its range that a gripper moved. */
  readonly gripper: number;
  /** Share of its range that any other dimension (a joint) moved. */
  readonly joint: number;
  /** Seconds after which a frame is taken without any motion; infinite: never. */
  readonly wait: number;
}

/** 1 cm, 3°, a tenth of the gripper's way, 2 % of a joint's range, never without motion. */
export const KEYFRAME_DEFAULTS: KeyframeThresholds = {
  distance: 0.01,
  angle: 0.05,
  gripper: 0.1,
  joint: 0.02,
  wait: Infinity,
};

/** Where a vector has end effectors, they and the grippers decide; the joints decide where it has none. */
export function keyframesOf(
  column: Float32Array,
  layout: MotionLayout,
  spread: Spread,
  fps: number,
  thresholds: KeyframeThresholds,
): number[] {
  const { size } = layout;
  const length = column.length / size;
  if (length === 0) return [];
  const changed = changeTest(column, layout, spread, thresholds);
  const taken = [0];
  let last = 0;
  for (let frame = 1; frame < length; frame++) {
    const waited = (frame - last) / fps >= thresholds.wait;
    if (!waited && !changed(last * size, frame * size)) continue;
    taken.push(frame);
    last = frame;
  }
  return taken;
}

/** Whether two rows (by the places where they begin) differ enough. */
function changeTest(
  column: Float32Array,
  layout: MotionLayout,
  spread: Spread,
  { distance, angle, gripper, joint }: KeyframeThresholds,
): (from: number, to: number) => boolean {
  const { positions, rotations, grippers } = layout;
  const joints = positions.length > 0 || rotations.length > 0 ? [] : otherDimensions(layout);
  const away = (from: number, to: number, at: number): number =>
    Math.hypot(...[0, 1, 2].map((i) => column[to + at + i]! - column[from + at + i]!));
  const moved = (from: number, to: number, at: number): number => Math.abs(column[to + at]! - column[from + at]!);
  return (from, to) =>
    positions.some(({ at }) => away(from, to, at) > distance) ||
    rotations.some(
      ({ at, format }) =>
        angleBetween(readRotation(column, from + at, format), readRotation(column, to + at, format)) > angle,
    ) ||
    grippers.some((part) => moved(from, to, part.at) > gripper * gripperRange(part, spread)) ||
    joints.some((d) => moved(from, to, d) > joint * spread.range[d]!);
}
