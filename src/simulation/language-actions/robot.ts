/** @file What the generator knows of an arm: joints, limits, the tool, and the capsules that stand for its links. */

import type { Vector3 } from '../../base/rotation.ts';

/** A revolute joint. Its frame is the one before it, moved by `position`, rolled about x; it turns about its own z. */
export interface Joint {
  /** Metres, in the frame before. */
  readonly position: Vector3;
  /** Radians about x. */
  readonly roll: number;
  /** Added to the joint's angle: where the maker's zero is. Radians. */
  readonly offset: number;
  /** Radians. */
  readonly low: number;
  readonly high: number;
  /** Largest speed, rad/s. */
  readonly velocity: number;
  /** Largest acceleration, rad/s². */
  readonly acceleration: number;
}

/** A link's shape: all points within `radius` of the segment from `from` to `to`. Metres, in the frame of `joint`. */
export interface Capsule {
  /** After how many joints the frame comes: 0 is the base. */
  readonly joint: number;
  readonly from: Vector3;
  readonly to: Vector3;
  readonly radius: number;
}

/** The gripper's tool frame: z leaves the hand, y runs from finger to finger, the origin lies between the fingertips. */
export interface Tool {
  /** From the last joint's frame along its z to the fingertips, metres. */
  readonly length: number;
  /** Half a turn about x first, where the maker's last z points into the arm. */
  readonly flipped: boolean;
  /** Then about z, radians. */
  readonly turn: number;
  /** The gap between the pads when open, metres. */
  readonly opening: number;
}

/** A single arm with a parallel gripper on a table whose top is the plane z = 0 of the base's frame. */
export interface RobotArm {
  /** As in `--robots`. */
  readonly name: string;
  /** What people call it. */
  readonly tag: string;
  /** Where joint frames and limits come from. */
  readonly source: string;
  /** The first frame is turned by this about z, so that x is forward. Radians. */
  readonly baseTurn: number;
  readonly joints: readonly Joint[];
  readonly tool: Tool;
  /** The links; those of the gripper are added by `gripperCapsules`. Sizes are our own estimates from pictures of the arms. */
  readonly links: readonly Capsule[];
  /** A posture with the hand over the table, pointing down; where inverse kinematics starts from, radians. */
  readonly home: readonly number[];
  /** Where objects may lie: distances ahead of the base and to each side, metres. */
  readonly reach: { readonly near: number; readonly far: number; readonly side: number };
}

/** The fingers: a bar of this radius from finger to finger, so far above the fingertips. Metres. */
export const FINGER_RADIUS = 0.01;
const FINGER_RISE = 0.012;
/** The palm reaches down to this height above the fingertips. */
const PALM_RISE = 0.095;
const PALM_RADIUS = 0.045;

/** The gripper's capsules, in the tool's frame (z towards the fingertips). */
export function gripperCapsules({ tool, joints }: RobotArm): Capsule[] {
  const [joint, half] = [joints.length + 1, tool.opening / 2 + FINGER_RADIUS];
  return [
    { joint, from: [0, -0.02, -PALM_RISE], to: [0, 0.02, -PALM_RISE], radius: PALM_RADIUS },
    { joint, from: [0, -half, -FINGER_RISE], to: [0, half, -FINGER_RISE], radius: FINGER_RADIUS },
    { joint, from: [0, -half, -0.05], to: [0, half, -0.05], radius: FINGER_RADIUS },
  ];
}

const DEGREE = Math.PI / 180;

/** `count` limits of ±`degrees`, for tables of joints. */
export function symmetric(degrees: number): { low: number; high: number } {
  return { low: -degrees * DEGREE, high: degrees * DEGREE };
}
