/**
 * @file OSC_POSE: operational-space control of an arm's end effector, with robosuite's semantics
 * (controllers/osc.py of v1.4; Khatib 1987): kp 150, critically damped, position and orientation decoupled, posture in the null space.
 */

import { axisAngleToQuaternion, quaternionToMatrix } from '../../base/rotation.ts';
import type { Matrix3, Quaternion } from '../../base/rotation.ts';
import type { Sim } from '../mujoco/sim.ts';
import { ArmReader, poseError, solveArmPose } from './arm-pose.ts';
import type { PoseReading } from './arm-pose.ts';
import { cholesky, forwardSolve, solveSymmetric } from './dense.ts';

/** What one evaluation of the control law reads of an arm of N joints. Row-major. */
export interface ArmReading extends PoseReading {
  /** Mass matrix [N × N]. */
  readonly mass: Float64Array;
  /** Gravity, Coriolis and centrifugal torques [N]. */
  readonly bias: Float64Array;
}

/** What the controller holds to: joints, gains and limits. */
export interface OscPoseConfig {
  /** The arm's hinge joints, base to hand. They must be the first joints of their tree, so that the mass matrix block is theirs. */
  readonly joints: readonly string[];
  /** The controlled site. */
  readonly site: string;
  /** Stiffness of position and orientation, 1/s². Damping is critical. */
  readonly stiffness: number;
  /** Stiffness of the posture in the null space, 1/s². */
  readonly postureStiffness: number;
  /** Metres per unit of a position command. */
  readonly positionScale: number;
  /** Radians per unit of a rotation command. */
  readonly rotationScale: number;
  /** How a rotation command becomes a matrix; default exactly. */
  readonly turnMatrix?: (turn: Quaternion) => Matrix3;
  /** Largest torque per joint, Nm. */
  readonly torqueLimits: readonly number[];
}

/** Robosuite's OSC_POSE on the Panda, as in LIBERO. */
export const LIBERO_OSC = {
  stiffness: 150,
  postureStiffness: 10,
  positionScale: 0.05,
  rotationScale: 0.5,
  torqueLimits: [80, 80, 80, 80, 80, 12, 12],
} as const;

/** What a snapshot of a controller holds. */
export interface OscState {
  readonly goal: Float64Array;
}

/** Operational-space control of one arm's hand pose. */
export class OscPose {
  readonly reading: ArmReading;
  /** Torques of the last `torques()`, Nm. */
  readonly output: Float64Array;
  readonly goalPosition = new Float64Array(3);
  readonly goalOrientation = new Float64Array(9);
  readonly posture: Float64Array;
  private readonly sim: Sim;
  private readonly config: OscPoseConfig;
  private readonly reader: ArmReader;
  /** Where each element of the lower triangle of the N × N mass block lies in the sparse `M`; −1 = a structural zero. */
  private readonly massAddress: Int32Array;
  private readonly factor: Float64Array;
  private readonly half: Float64Array;
  private readonly inverseInertia = new Float64Array(36);
  private readonly block = new Float64Array(9);
  private readonly work = new Float64Array(36);
  private readonly force = new Float64Array(3);
  private readonly wrench = new Float64Array(6);
  private readonly postureForce = new Float64Array(6);
  private readonly acceleration: Float64Array;

  constructor(sim: Sim, config: OscPoseConfig) {
    const count = config.joints.length;
    this.sim = sim;
    this.config = config;
    this.reader = new ArmReader(sim, config.joints, config.site);
    this.reading = { ...this.reader.reading, mass: new Float64Array(count * count), bias: new Float64Array(count) };
    this.output = new Float64Array(count);
    this.posture = new Float64Array(count);
    this.factor = new Float64Array(count * count);
    this.half = new Float64Array(6 * count);
    this.acceleration = new Float64Array(count);
    this.massAddress = this.findMass();
    this.hold();
  }

  /** Makes the current pose the goal and the current joints the posture to prefer. */
  hold(): void {
    this.read();
    this.goalPosition.set(this.reading.position);
    this.goalOrientation.set(this.reading.orientation);
    this.posture.set(this.reading.jointPosition);
  }

  /** Makes the current pose the goal and keeps the posture. */
  aimHere(): void {
    this.read();
    this.goalPosition.set(this.reading.position);
    this.goalOrientation.set(this.reading.orientation);
  }

  /**
   * Moves the joints (not through time) until the site is at this pose: damped least squares from the current joints.
   * Velocities become zero. `orientation` is row-major [3 × 3]. A pose out of reach is a `bad-argument` error.
   */
  solvePose(position: ArrayLike<number>, orientation: ArrayLike<number>): void {
    solveArmPose(this.sim, this.reader, position, orientation);
  }

  /**
   * A new goal relative to the CURRENT pose: [dx, dy, dz, rx, ry, rz] in [−1, 1], scaled to metres and axis-angle radians in the base
   * frame. A rotation of exactly zero keeps the orientation goal as it was (robosuite). Call `read` first.
   */
  command(delta: ArrayLike<number>): void {
    const { positionScale, rotationScale, turnMatrix = quaternionToMatrix } = this.config;
    for (let i = 0; i < 3; i++) this.goalPosition[i] = this.reading.position[i]! + unitClip(delta[i]!) * positionScale;
    const [x, y, z] = [unitClip(delta[3]!), unitClip(delta[4]!), unitClip(delta[5]!)];
    if (x === 0 && y === 0 && z === 0) return;
    const turn = turnMatrix(axisAngleToQuaternion([x * rotationScale, y * rotationScale, z * rotationScale]));
    const now = this.reading.orientation;
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        this.goalOrientation[3 * i + j] =
          turn[3 * i]! * now[j]! + turn[3 * i + 1]! * now[3 + j]! + turn[3 * i + 2]! * now[6 + j]!;
      }
    }
  }

  /** Reads pose, Jacobian, mass matrix and bias of the current pose (after `Sim.computePose` or `forward`), without any call into WASM. */
  read(): void {
    this.reader.read();
    this.readBias();
    const { sim, massAddress } = this;
    const { mass, bias } = this.reading;
    const sparse = sim.data('M');
    const count = bias.length;
    for (let j = 0; j < count; j++) {
      for (let k = 0; k <= j; k++) {
        const address = massAddress[j * count + k]!;
        const value = address < 0 ? 0 : sparse[address]!;
        mass[j * count + k] = value;
        mass[k * count + j] = value;
      }
    }
  }

  /** Reads the bias alone: the rest of the reading stays that of an earlier pose. */
  readBias(): void {
    const { velocityAddress } = this.reader;
    const { bias } = this.reading;
    const now = this.sim.data('qfrc_bias');
    for (let j = 0; j < bias.length; j++) bias[j] = now[velocityAddress[j]!]!;
  }

  /** The control law on the last reading: joint torques towards the goal, clipped. The returned array is reused. */
  torques(): Float64Array {
    const { jacobian, mass, jointPosition, jointVelocity, bias } = this.reading;
    const { factor, half, inverseInertia, wrench, postureForce, acceleration, output } = this;
    const { postureStiffness, torqueLimits } = this.config;
    const count = output.length;
    // half = L⁻¹·Jᵀ with M = L·Lᵀ, so that J·M⁻¹·Jᵀ = halfᵀ·half.
    factor.set(mass);
    cholesky(factor, count);
    for (let j = 0; j < count; j++) for (let i = 0; i < 6; i++) half[j * 6 + i] = jacobian[i * count + j]!;
    forwardSolve(factor, count, half, 6);
    for (let i = 0; i < 6; i++) {
      for (let k = 0; k <= i; k++) {
        let sum = 0;
        for (let j = 0; j < count; j++) sum += half[j * 6 + i]! * half[j * 6 + k]!;
        inverseInertia[i * 6 + k] = sum;
        inverseInertia[k * 6 + i] = sum;
      }
    }
    this.errorWrench();
    this.decouple(0);
    this.decouple(3);
    // Posture: u = kp·(q₀ − q) − kd·q̇ in the null space. Its torque is M·u − Jᵀ·Λ·J·u (N = I − J̄·J, Λ = (J·M⁻¹·Jᵀ)⁺).
    const postureDamping = 2 * Math.sqrt(postureStiffness);
    for (let j = 0; j < count; j++) {
      acceleration[j] = postureStiffness * (this.posture[j]! - jointPosition[j]!) - postureDamping * jointVelocity[j]!;
    }
    for (let i = 0; i < 6; i++) {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += jacobian[i * count + j]! * acceleration[j]!;
      postureForce[i] = sum;
    }
    solveSymmetric(inverseInertia, 6, postureForce, this.work);
    for (let j = 0; j < count; j++) {
      let torque = bias[j]!;
      for (let i = 0; i < 6; i++) torque += jacobian[i * count + j]! * (wrench[i]! - postureForce[i]!);
      for (let k = 0; k < count; k++) torque += mass[j * count + k]! * acceleration[k]!;
      const limit = torqueLimits[j]!;
      output[j] = torque > limit ? limit : torque < -limit ? -limit : torque;
    }
    return output;
  }

  save(): OscState {
    return { goal: Float64Array.from([...this.goalPosition, ...this.goalOrientation, ...this.posture]) };
  }

  restore({ goal }: OscState): void {
    this.goalPosition.set(goal.subarray(0, 3));
    this.goalOrientation.set(goal.subarray(3, 12));
    this.posture.set(goal.subarray(12));
  }

  /** Desired linear and angular acceleration of the site, into `wrench`. */
  private errorWrench(): void {
    const { jacobian, jointVelocity } = this.reading;
    const { wrench } = this;
    const { stiffness } = this.config;
    const damping = 2 * Math.sqrt(stiffness);
    const count = jointVelocity.length;
    poseError(this.reading, this.goalPosition, this.goalOrientation, wrench);
    for (let i = 0; i < 6; i++) {
      wrench[i]! *= stiffness;
      let velocity = 0;
      for (let j = 0; j < count; j++) velocity += jacobian[i * count + j]! * jointVelocity[j]!;
      wrench[i]! -= damping * velocity;
    }
  }

  /** Accelerations to forces for one 3 × 3 block of the task inertia, in `wrench`. */
  private decouple(offset: 0 | 3): void {
    const { block, force, wrench, inverseInertia, work } = this;
    for (let i = 0; i < 3; i++) {
      force[i] = wrench[offset + i]!;
      for (let k = 0; k < 3; k++) block[3 * i + k] = inverseInertia[(offset + i) * 6 + offset + k]!;
    }
    solveSymmetric(block, 3, force, work);
    wrench.set(force, offset);
  }

  private findMass(): Int32Array {
    const { sim } = this;
    const { velocityAddress } = this.reader;
    const count = velocityAddress.length;
    const [start, length, column] = [sim.model('M_rowadr'), sim.model('M_rownnz'), sim.model('M_colind')];
    const out = new Int32Array(count * count).fill(-1);
    for (let j = 0; j < count; j++) {
      const row = velocityAddress[j]!;
      for (let k = 0; k <= j; k++) {
        for (let a = start[row]!; a < start[row]! + length[row]!; a++) {
          if (column[a] === velocityAddress[k]) out[j * count + k] = a;
        }
      }
    }
    return out;
  }
}

function unitClip(value: number): number {
  return value < -1 ? -1 : value > 1 ? 1 : value;
}
