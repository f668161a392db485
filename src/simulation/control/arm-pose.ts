/** @file The pose of an arm: what is read of it, how far it is from a goal, and the joints that reach a goal (inverse kinematics). */

import { VlaError } from '../../base/errors.ts';
import type { Sim } from '../mujoco/sim.ts';
import { solveSymmetric } from './dense.ts';

/** What one evaluation of the control law reads; filled from the simulation by `read`. Row-major. */
export interface ArmReading {
  /** Site position [3] and orientation [3 × 3]. */
  readonly position: Float64Array;
  readonly orientation: Float64Array;
  /** Site Jacobian [6 × 7]: translation rows, then rotation rows. */
  readonly jacobian: Float64Array;
  /** Mass matrix [7 × 7]. */
  readonly mass: Float64Array;
  readonly jointPosition: Float64Array;
  readonly jointVelocity: Float64Array;
  /** Gravity, Coriolis and centrifugal torques [7]. */
  readonly bias: Float64Array;
}

/**
 * Position error and orientation error (sine of the angle times the axis) from the reading to a goal, into `out` [6]; base frame.
 * Half the sum of now × goal over the columns of the two matrices.
 */
export function poseError(
  reading: ArmReading,
  goalPosition: ArrayLike<number>,
  goalOrientation: ArrayLike<number>,
  out: Float64Array,
): void {
  const { position, orientation: now } = reading;
  const goal = goalOrientation;
  out[3] = 0;
  out[4] = 0;
  out[5] = 0;
  for (let c = 0; c < 3; c++) {
    out[c] = goalPosition[c]! - position[c]!;
    out[3]! += 0.5 * (now[3 + c]! * goal[6 + c]! - now[6 + c]! * goal[3 + c]!);
    out[4]! += 0.5 * (now[6 + c]! * goal[c]! - now[c]! * goal[6 + c]!);
    out[5]! += 0.5 * (now[c]! * goal[3 + c]! - now[3 + c]! * goal[c]!);
  }
}

const MOST_ITERATIONS = 60;
const CLOSE_ENOUGH = 1e-5;
const DAMPING = 1e-4;

/**
 * Damped least squares (Δq = Jᵀ(JJᵀ + λ)⁻¹e) from the current joints. `read` must refresh `reading` from the simulation.
 * Joint velocities become zero.
 */
export function solveArmPose(
  sim: Sim,
  reading: ArmReading,
  read: () => void,
  positionAddress: ArrayLike<number>,
  velocityAddress: ArrayLike<number>,
  position: ArrayLike<number>,
  orientation: ArrayLike<number>,
): void {
  const joints = positionAddress.length;
  const error = new Float64Array(6);
  const normal = new Float64Array(36);
  const work = new Float64Array(36);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    read();
    poseError(reading, position, orientation, error);
    const distance = Math.hypot(...error);
    if (distance < CLOSE_ENOUGH) {
      for (let j = 0; j < joints; j++) sim.data('qvel')[velocityAddress[j]!] = 0;
      sim.forward();
      return;
    }
    const scale = Math.min(1, 0.5 / distance);
    for (let i = 0; i < 6; i++) error[i]! *= scale;
    const { jacobian } = reading;
    for (let i = 0; i < 6; i++) {
      for (let k = 0; k < 6; k++) {
        let sum = i === k ? DAMPING : 0;
        for (let j = 0; j < joints; j++) sum += jacobian[i * joints + j]! * jacobian[k * joints + j]!;
        normal[i * 6 + k] = sum;
      }
    }
    solveSymmetric(normal, 6, error, work);
    const qpos = sim.data('qpos');
    for (let j = 0; j < joints; j++) {
      for (let i = 0; i < 6; i++) qpos[positionAddress[j]!]! += jacobian[i * joints + j]! * error[i]!;
    }
    sim.forward();
  }
  throw new VlaError(
    'bad-argument',
    `solveArmPose: expected a reachable pose, got position ${[...(position as number[])].join(', ')}.`,
  );
}
