/** @file The pose of an arm: what is read of it, how far it is from a goal, and the joints that reach a goal (inverse kinematics). */

import { VlaError } from '../../base/errors.ts';
import type { Sim } from '../mujoco/sim.ts';
import { solveSymmetric } from './dense.ts';

/** Where an arm of N joints is; filled from the simulation by `ArmReader.read`. Row-major. */
export interface PoseReading {
  /** Site position [3] and orientation [3 × 3]. */
  readonly position: Float64Array;
  readonly orientation: Float64Array;
  /** Site Jacobian [6 × N]: translation rows, then rotation rows. */
  readonly jacobian: Float64Array;
  readonly jointPosition: Float64Array;
  readonly jointVelocity: Float64Array;
}

/** Reads the pose of an arm of hinge joints and of a site on its hand, without any call into WASM. */
export class ArmReader {
  /** Where the joints are in `qpos` and `qvel`, base to hand. */
  readonly positionAddress: Int32Array;
  readonly velocityAddress: Int32Array;
  readonly reading: PoseReading;
  private readonly sim: Sim;
  private readonly joints: Int32Array;
  private readonly site: number;

  constructor(sim: Sim, joints: readonly string[], site: string) {
    this.sim = sim;
    this.joints = Int32Array.from(joints, (name) => sim.id('joint', name));
    const [position, velocity] = [sim.model('jnt_qposadr'), sim.model('jnt_dofadr')];
    this.positionAddress = this.joints.map((joint) => position[joint]!);
    this.velocityAddress = this.joints.map((joint) => velocity[joint]!);
    this.site = sim.id('site', site);
    this.reading = {
      position: new Float64Array(3),
      orientation: new Float64Array(9),
      jacobian: new Float64Array(6 * joints.length),
      jointPosition: new Float64Array(joints.length),
      jointVelocity: new Float64Array(joints.length),
    };
  }

  /** Fills `reading` with the current pose (after `Sim.computePose` or `forward`). */
  read(): void {
    const { position, orientation, jacobian, jointPosition, jointVelocity } = this.reading;
    const { sim, site, positionAddress, velocityAddress } = this;
    const count = jointPosition.length;
    const [sitePosition, siteMatrix] = [sim.data('site_xpos'), sim.data('site_xmat')];
    for (let i = 0; i < 3; i++) position[i] = sitePosition[3 * site + i]!;
    for (let i = 0; i < 9; i++) orientation[i] = siteMatrix[9 * site + i]!;
    const [px, py, pz] = [position[0]!, position[1]!, position[2]!];
    const [axis, anchor] = [sim.data('xaxis'), sim.data('xanchor')];
    const [q, v] = [sim.data('qpos'), sim.data('qvel')];
    for (let j = 0; j < count; j++) {
      const at = 3 * this.joints[j]!;
      const [ax, ay, az] = [axis[at]!, axis[at + 1]!, axis[at + 2]!];
      const [rx, ry, rz] = [px - anchor[at]!, py - anchor[at + 1]!, pz - anchor[at + 2]!];
      jacobian[j] = ay * rz - az * ry;
      jacobian[count + j] = az * rx - ax * rz;
      jacobian[2 * count + j] = ax * ry - ay * rx;
      jacobian[3 * count + j] = ax;
      jacobian[4 * count + j] = ay;
      jacobian[5 * count + j] = az;
      jointPosition[j] = q[positionAddress[j]!]!;
      jointVelocity[j] = v[velocityAddress[j]!]!;
    }
  }
}

/**
 * Position error and orientation error (sine of the angle times the axis) from the reading to a goal, into `out` [6]; base frame.
 * Half the sum of now × goal over the columns of the two matrices.
 */
export function poseError(
  reading: PoseReading,
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

/** Work memory of `addJointStep`. */
const normal = new Float64Array(36);
const work = new Float64Array(36);

/**
 * The change of the joints that moves the hand by a small `twist` (metres, radians; overwritten), by damped least squares:
 * Δq = Jᵀ(JJᵀ + λ)⁻¹e, added to the elements of `joints` that `address` names.
 */
export function addJointStep(
  { jacobian }: PoseReading,
  twist: Float64Array,
  joints: Float64Array,
  address: ArrayLike<number>,
): void {
  const count = address.length;
  for (let i = 0; i < 6; i++) {
    for (let k = 0; k < 6; k++) {
      let sum = i === k ? DAMPING : 0;
      for (let j = 0; j < count; j++) sum += jacobian[i * count + j]! * jacobian[k * count + j]!;
      normal[i * 6 + k] = sum;
    }
  }
  solveSymmetric(normal, 6, twist, work);
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < 6; i++) joints[address[j]!]! += jacobian[i * count + j]! * twist[i]!;
  }
}

/**
 * Moves the joints (not through time) until the site is at this pose, from the current ones. Joint velocities become zero.
 * `orientation` is row-major [3 × 3]. A pose out of reach is a `bad-argument` error.
 */
export function solveArmPose(
  sim: Sim,
  reader: ArmReader,
  position: ArrayLike<number>,
  orientation: ArrayLike<number>,
): void {
  const { reading, positionAddress, velocityAddress } = reader;
  const joints = positionAddress.length;
  const error = new Float64Array(6);
  for (let iteration = 0; iteration < MOST_ITERATIONS; iteration++) {
    reader.read();
    poseError(reading, position, orientation, error);
    const distance = Math.hypot(...error);
    if (distance < CLOSE_ENOUGH) {
      for (let j = 0; j < joints; j++) sim.data('qvel')[velocityAddress[j]!] = 0;
      sim.forward();
      return;
    }
    const scale = Math.min(1, 0.5 / distance);
    for (let i = 0; i < 6; i++) error[i]! *= scale;
    addJointStep(reading, error, sim.data('qpos'), positionAddress);
    sim.forward();
  }
  throw new VlaError(
    'bad-argument',
    `solveArmPose: expected a reachable pose, got position ${[...(position as number[])].join(', ')}.`,
  );
}
