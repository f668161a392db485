/** @file Motions of a wrist and its fingers through key poses, each stretch of minimum jerk (Flash and Hogan 1985). */

import {
  axisAngleToQuaternion,
  invertQuaternion,
  multiplyQuaternions,
  quaternionToShortestAxisAngle,
  type Vector3,
} from '../../base/rotation.ts';
import type { WristPose } from './skeleton.ts';

/** A pose of the whole hand. */
export interface HandKey extends WristPose {
  readonly joints: Float64Array;
}

/** A stretch of motion: where it ends, how long it takes, and what it is called. */
export interface Stretch {
  readonly to: HandKey;
  readonly seconds: number;
  readonly subtask: string;
  /** A posture that the fingers pass through on the way, and when, as a share of the stretch. */
  readonly through?: { readonly joints: Float64Array; readonly at: number };
}

/** 0 to 1 with velocity and acceleration zero at both ends: 10τ³ − 15τ⁴ + 6τ⁵. */
export function minimumJerk(share: number): number {
  const t = Math.max(0, Math.min(1, share));
  return t * t * t * (10 + t * (-15 + 6 * t));
}

/** The hand after `seconds` of a motion that begins at `start`, and the subtask then; after its end the last pose. */
export function handAt(
  start: HandKey,
  stretches: readonly Stretch[],
  seconds: number,
): { readonly hand: HandKey; readonly subtask: string; readonly stretch: number } {
  let from = start;
  let begun = 0;
  for (const [stretch, { to, seconds: length, subtask, through }] of stretches.entries()) {
    const last = stretch === stretches.length - 1;
    if (seconds < begun + length || last) {
      const share = (seconds - begun) / length;
      const wrist = wristBetween(from, to, minimumJerk(share));
      return { hand: { ...wrist, joints: fingersBetween(from, to, through, share) }, subtask, stretch };
    }
    from = to;
    begun += length;
  }
  return { hand: start, subtask: '', stretch: 0 };
}

/** Straight in position, at a constant axis in rotation. */
function wristBetween(from: HandKey, to: HandKey, share: number): WristPose {
  const turn = quaternionToShortestAxisAngle(multiplyQuaternions(to.rotation, invertQuaternion(from.rotation)));
  const part = axisAngleToQuaternion([turn[0] * share, turn[1] * share, turn[2] * share]);
  return {
    position: from.position.map((value, k) => value + share * (to.position[k]! - value)) as unknown as Vector3,
    rotation: multiplyQuaternions(part, from.rotation),
  };
}

function fingersBetween(from: HandKey, to: HandKey, through: Stretch['through'], share: number): Float64Array {
  const mix = (a: Float64Array, b: Float64Array, s: number): Float64Array =>
    a.map((value, i) => value + minimumJerk(s) * (b[i]! - value));
  if (through === undefined) return mix(from.joints, to.joints, share);
  const { joints, at } = through;
  return share < at ? mix(from.joints, joints, share / at) : mix(joints, to.joints, (share - at) / (1 - at));
}
