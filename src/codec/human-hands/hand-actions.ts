/**
 * @file Two human hands as Qwen-VLA's 32 action numbers (papers/qwen-vla, "Human egocentric data"): per hand the wrist's motion since the
 * first frame, T₀⁻¹T, as a translation (3, metres, in the first wrist's frame) and an axis times an angle (3, radians), then ten
 * eigengrasps. Left hand first. A hand that is not seen has zeros and a mask of zeros.
 */

import {
  axisAngleToQuaternion,
  invertQuaternion,
  multiplyQuaternions,
  quaternionToShortestAxisAngle,
  rotateVector,
  type Quaternion,
  type Vector3,
} from '../../base/rotation.ts';
import { decodeGrasp, encodeGrasp, mirrorJoints, type Eigengrasps } from './eigengrasps.ts';

/** A hand at one instant. */
export interface HandPose {
  /** The wrist in any frame that stays the same over the chunk; metres. */
  readonly position: Vector3;
  readonly rotation: Quaternion;
  /** [45]: 15 joints, axis times angle each, in the hand's own frame. */
  readonly joints: ArrayLike<number>;
}

/** Both hands; null: not seen. */
export interface Hands {
  readonly left: HandPose | null;
  readonly right: HandPose | null;
}

/** Numbers of the wrist. */
const WRIST = 6;

/** The numbers of a chunk, row-major [H, size], and which of them say something. */
export interface EncodedHands {
  readonly size: number;
  readonly data: Float64Array;
  /** 1 where a hand is seen now and in the first frame. */
  readonly mask: Float32Array;
}

/** Numbers per frame: two hands' wrists and eigengrasps; 32 with ten. */
export function handActionSize({ components }: Eigengrasps): number {
  return 2 * (WRIST + components.length);
}

/** Future frames relative to the first one (the observation's). */
export function encodeHands(grasps: Eigengrasps, first: Hands, future: readonly Hands[]): EncodedHands {
  const size = handActionSize(grasps);
  const data = new Float64Array(future.length * size);
  const mask = new Float32Array(future.length * size);
  for (const [row, hands] of future.entries()) {
    for (const [i, side] of SIDES.entries()) {
      const [origin, now] = [first[side], hands[side]];
      if (origin === null || now === null) continue;
      const at = row * size + (i * size) / 2;
      data.set(encodeHand(grasps, side, origin, now), at);
      mask.fill(1, at, at + size / 2);
    }
  }
  return { size, data, mask };
}

/** The inverse: frames from the first one and the numbers; a hand that the first frame lacks stays unseen. */
export function decodeHands(grasps: Eigengrasps, first: Hands, data: ArrayLike<number>): Hands[] {
  const size = handActionSize(grasps);
  return Array.from({ length: data.length / size }, (_, row) => {
    const hand = (side: Side, i: number): HandPose | null => {
      const origin = first[side];
      if (origin === null) return null;
      const at = row * size + (i * size) / 2;
      return decodeHand(
        grasps,
        side,
        origin,
        Array.from({ length: size / 2 }, (_, k) => data[at + k]!),
      );
    };
    return { left: hand('left', 0), right: hand('right', 1) };
  });
}

type Side = keyof Hands;
const SIDES: readonly Side[] = ['left', 'right'];

/** Both hands share the eigengrasps of right hands. */
const AS_RIGHT: Readonly<Record<Side, (joints: ArrayLike<number>) => ArrayLike<number>>> = {
  left: mirrorJoints,
  right: (joints) => joints,
};

/** The eigengrasp weights of a hand. */
export function graspWeights(grasps: Eigengrasps, side: Side, joints: ArrayLike<number>): Float64Array {
  return encodeGrasp(grasps, AS_RIGHT[side](joints));
}

function encodeHand(grasps: Eigengrasps, side: Side, origin: HandPose, now: HandPose): number[] {
  const back = invertQuaternion(origin.rotation);
  const [x, y, z] = now.position;
  const [x0, y0, z0] = origin.position;
  return [
    ...rotateVector(back, [x - x0, y - y0, z - z0]),
    ...quaternionToShortestAxisAngle(multiplyQuaternions(back, now.rotation)),
    ...graspWeights(grasps, side, now.joints),
  ];
}

function decodeHand(grasps: Eigengrasps, side: Side, origin: HandPose, numbers: readonly number[]): HandPose {
  const [dx, dy, dz, rx, ry, rz] = numbers as unknown as [number, number, number, number, number, number];
  const [x, y, z] = rotateVector(origin.rotation, [dx, dy, dz]);
  return {
    position: [origin.position[0] + x, origin.position[1] + y, origin.position[2] + z],
    rotation: multiplyQuaternions(origin.rotation, axisAngleToQuaternion([rx, ry, rz])),
    joints: AS_RIGHT[side](decodeGrasp(grasps, numbers.slice(WRIST))),
  };
}
