/** @file A plan sampled at a rate: joints, the hand's pose, the gripper, and the actions of the two conventions. */

import {
  axisAngleToQuaternion,
  matrixToQuaternion,
  quaternionToAxisAngle,
  type Quaternion,
} from '../../base/rotation.ts';
import type { Kinematics } from './kinematics.ts';
import { minimumJerk } from './path.ts';
import type { Phase, Plan } from './plan.ts';

/** Samples of a plan; row-major, one row per sample, sample i at i / rate seconds. The last one is at rest. */
export interface Samples {
  /** Per second. */
  readonly rate: number;
  readonly length: number;
  /** [length, n] radians. */
  readonly joints: Float64Array;
  /** [length, n] rad/s. */
  readonly velocities: Float64Array;
  /** [length, 3] metres, base frame: the point between the fingertips. */
  readonly positions: Float64Array;
  /** [length, 4] w, x, y, z: continuous along the trajectory. */
  readonly quaternions: Float64Array;
  /** [length] gap between the pads, metres. */
  readonly openings: Float64Array;
  /** [length] what the gripper is told at this sample: 1 closes, −1 opens. */
  readonly commands: Float64Array;
  /** [length] index of the plan's phase. */
  readonly phases: Int32Array;
}

/** Metres and radians per unit of an end-effector action, as on the tabletop (OSC_POSE's scales). */
export const [POSITION_SCALE, ROTATION_SCALE] = [0.05, 0.5];

/** Samples a plan at `rate` hertz. */
export function samplePlan(plan: Plan, kinematics: Kinematics, rate: number): Samples {
  const n = kinematics.size;
  const length = Math.ceil(plan.duration * rate - 1e-9) + 1;
  const out: Samples = {
    rate,
    length,
    joints: new Float64Array(length * n),
    velocities: new Float64Array(length * n),
    positions: new Float64Array(length * 3),
    quaternions: new Float64Array(length * 4),
    openings: new Float64Array(length),
    commands: new Float64Array(length),
    phases: new Int32Array(length),
  };
  const [q, speed] = [new Float64Array(n), new Float64Array(n)];
  let index = 0;
  let begin = 0;
  let before: Quaternion = [0, 1, 0, 0];
  for (let i = 0; i < length; i++) {
    const time = i / rate;
    while (index < plan.phases.length - 1 && time >= begin + plan.phases[index]!.duration) {
      begin += plan.phases[index++]!.duration;
    }
    const phase = plan.phases[index]!;
    const share = Math.min(1, (time - begin) / phase.duration);
    posture(phase, share, q, speed);
    out.joints.set(q, i * n);
    out.velocities.set(speed, i * n);
    kinematics.forward(q);
    const { positions, rotations, tool } = kinematics;
    for (let k = 0; k < 3; k++) out.positions[3 * i + k] = positions[3 * tool + k]!;
    before = nearest(matrixToQuaternion(rotations.subarray(9 * tool, 9 * tool + 9)), before);
    out.quaternions.set(before, 4 * i);
    out.openings[i] = phase.opening[0] + (phase.opening[1] - phase.opening[0]) * share;
    out.commands[i] = phase.command;
    out.phases[i] = index;
  }
  return out;
}

/** Joints and their velocities at a share of a phase's time. */
function posture({ path, rest, duration }: Phase, share: number, q: Float64Array, speed: Float64Array): void {
  if (path === null) {
    q.set(rest);
    speed.fill(0);
    return;
  }
  const { at, first } = minimumJerk(share);
  path.evaluate(at, q, speed);
  for (let i = 0; i < speed.length; i++) speed[i]! *= first / duration;
}

/** Of both quaternions of a rotation the one on the side of `other`. */
function nearest(q: Quaternion, other: Quaternion): Quaternion {
  const product = q[0] * other[0] + q[1] * other[1] + q[2] * other[2] + q[3] * other[3];
  return product < 0 ? [-q[0], -q[1], -q[2], -q[3]] : q;
}

/** Position and axis-angle of each sample, [length, 6]; the angle is continuous (as LIBERO's state), in [0, 2π). */
export function poses({ length, positions, quaternions }: Samples): Float64Array {
  const out = new Float64Array(6 * length);
  for (let i = 0; i < length; i++) {
    out.set(positions.subarray(3 * i, 3 * i + 3), 6 * i);
    out.set(quaternionToAxisAngle(quaternionAt(quaternions, i)), 6 * i + 3);
  }
  return out;
}

/** Absolute actions [length, n + 1]: the joints of the next sample, radians, and what the gripper is told by then (1 closes). */
export function jointActions({ length, joints, commands }: Samples): Float64Array {
  const n = joints.length / length;
  const out = new Float64Array(length * (n + 1));
  for (let i = 0; i < length; i++) {
    const next = Math.min(i + 1, length - 1);
    out.set(joints.subarray(next * n, next * n + n), i * (n + 1));
    out[i * (n + 1) + n] = commands[next]!;
  }
  return out;
}

/**
 * Delta actions [length, 7] in the tabletop's units: the change to the next sample's position, in units of `POSITION_SCALE`; the rotation
 * that turns this orientation into the next (base frame, axis-angle) in units of `ROTATION_SCALE`; what the gripper is told by then (1 closes).
 */
export function endEffectorActions({ length, positions, quaternions, commands }: Samples): Float64Array {
  const out = new Float64Array(length * 7);
  for (let i = 0; i < length; i++) {
    const next = Math.min(i + 1, length - 1);
    for (let k = 0; k < 3; k++) out[7 * i + k] = (positions[3 * next + k]! - positions[3 * i + k]!) / POSITION_SCALE;
    const turn = turnBetween(quaternionAt(quaternions, i), quaternionAt(quaternions, next));
    for (let k = 0; k < 3; k++) out[7 * i + 3 + k] = turn[k]! / ROTATION_SCALE;
    out[7 * i + 6] = commands[next]!;
  }
  return out;
}

function quaternionAt(all: Float64Array, i: number): Quaternion {
  return [all[4 * i]!, all[4 * i + 1]!, all[4 * i + 2]!, all[4 * i + 3]!];
}

/** The rotation vector r with exp(r) · a = b. */
function turnBetween([aw, ax, ay, az]: Quaternion, [bw, bx, by, bz]: Quaternion): readonly [number, number, number] {
  const w = bw * aw + bx * ax + by * ay + bz * az;
  const x = -bw * ax + bx * aw - by * az + bz * ay;
  const y = -bw * ay + bx * az + by * aw - bz * ax;
  const z = -bw * az - bx * ay + by * ax + bz * aw;
  return quaternionToAxisAngle(w < 0 ? [-w, -x, -y, -z] : [w, x, y, z]);
}

/** Carries an end-effector action out on a pose: where it leads; for checks and for playing actions back. */
export function applyEndEffectorAction(
  position: readonly number[],
  orientation: Quaternion,
  action: ArrayLike<number>,
): { position: number[]; orientation: Quaternion } {
  const [w, x, y, z] = axisAngleToQuaternion([
    action[3]! * ROTATION_SCALE,
    action[4]! * ROTATION_SCALE,
    action[5]! * ROTATION_SCALE,
  ]);
  const [ow, ox, oy, oz] = orientation;
  return {
    position: position.map((value, k) => value + action[k]! * POSITION_SCALE),
    orientation: [
      w * ow - x * ox - y * oy - z * oz,
      w * ox + x * ow + y * oz - z * oy,
      w * oy - x * oz + y * ow + z * ox,
      w * oz + x * oy - y * ox + z * ow,
    ],
  };
}
