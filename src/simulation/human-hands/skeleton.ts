/**
 * @file A hand as bones: where they are for a wrist pose and 45 joint numbers in MANO's order (index, middle, little, ring, thumb; three
 * joints each, axis times angle in the frame of the bone before). Sizes are our own, of an average hand.
 *
 * The wrist's frame: x to the fingers, y to the thumb's side (of a right hand), z out of the back of the hand. A left hand is the mirror
 * image (y → −y).
 */

import {
  axisAngleToQuaternion,
  multiplyQuaternions,
  quaternionToMatrix,
  rotateVector,
  type Quaternion,
  type Vector3,
} from '../../base/rotation.ts';

/** Which hand. */
export type Side = 'left' | 'right';

/** Where a wrist is. */
export interface WristPose {
  readonly position: Vector3;
  readonly rotation: Quaternion;
}

/** A bone from one joint to the next, metres. */
export interface Bone {
  readonly from: Vector3;
  readonly to: Vector3;
}

interface Finger {
  /** The first joint in the wrist's frame, and the turn about z of the resting finger. */
  readonly base: Vector3;
  readonly spread: number;
  readonly lengths: Vector3;
}

const FINGERS: readonly Finger[] = [
  { base: [0.09, 0.028, 0], spread: 0.05, lengths: [0.04, 0.025, 0.02] },
  { base: [0.095, 0.008, 0], spread: 0, lengths: [0.045, 0.028, 0.022] },
  { base: [0.08, -0.032, 0], spread: -0.12, lengths: [0.032, 0.02, 0.018] },
  { base: [0.09, -0.012, 0], spread: -0.05, lengths: [0.042, 0.026, 0.02] },
  { base: [0.025, 0.033, -0.008], spread: 0.75, lengths: [0.042, 0.032, 0.027] },
];

/** Bones of a hand: three per finger. */
export const BONES = 3 * FINGERS.length;
/** Lengths of the bones, in the order of the joints; metres. */
export const BONE_LENGTHS: readonly number[] = FINGERS.flatMap(({ lengths }) => lengths);

/** The 15 bones of a hand. */
export function bonesOf(side: Side, wrist: WristPose, joints: ArrayLike<number>): Bone[] {
  const mirror = side === 'left' ? -1 : 1;
  return FINGERS.flatMap(({ base, spread, lengths }, finger): Bone[] => {
    let rotation = multiplyQuaternions(wrist.rotation, axisAngleToQuaternion([0, 0, mirror * spread]));
    let from = added(wrist.position, rotateVector(wrist.rotation, [base[0], mirror * base[1], base[2]]));
    return lengths.map((length, bone): Bone => {
      const at = 9 * finger + 3 * bone;
      rotation = multiplyQuaternions(rotation, axisAngleToQuaternion([joints[at]!, joints[at + 1]!, joints[at + 2]!]));
      const to = added(from, rotateVector(rotation, [length, 0, 0]));
      const placed = { from, to };
      from = to;
      return placed;
    });
  });
}

/** A rotation matrix whose z axis lies along a bone, row-major: capsules lie along z. */
export function alongBone({ from, to }: Bone): number[] {
  const [x, y, z] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  const length = Math.hypot(x, y, z);
  const axis: Vector3 = [x / length, y / length, z / length];
  // The shortest turn that takes z to the axis; half a turn about x where it points down.
  const turn = axis[2] < -1 + 1e-9 ? ([0, 1, 0, 0] as const) : halfway(axis);
  return [...quaternionToMatrix(turn)];
}

function halfway([x, y, z]: Vector3): Quaternion {
  const w = Math.sqrt((1 + z) / 2);
  return [w, -y / (2 * w), x / (2 * w), 0];
}

function added(a: Vector3, b: Vector3): Vector3 {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}
