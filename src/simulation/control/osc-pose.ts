/**
 * @file OSC_POSE: operational-space control of a 7-joint arm's end effector, with robosuite's semantics
 * (controllers/osc.py of v1.4; Khatib 1987): kp 150, critically damped, position and orientation decoupled, posture in the null space.
 */

import { axisAngleToQuaternion, quaternionToMatrix } from '../../base/rotation.ts';
import type { Sim } from '../mujoco/sim.ts';
import { poseError, solveArmPose } from './arm-pose.ts';
import type { ArmReading } from './arm-pose.ts';
import { cholesky, forwardSolve, solveSymmetric } from './dense.ts';

/** The joints of an arm. Robosuite's arms have 7. */
const JOINTS = 7;

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
  readonly reading: ArmReading = {
    position: new Float64Array(3),
    orientation: new Float64Array(9),
    jacobian: new Float64Array(6 * JOINTS),
    mass: new Float64Array(JOINTS * JOINTS),
    jointPosition: new Float64Array(JOINTS),
    jointVelocity: new Float64Array(JOINTS),
    bias: new Float64Array(JOINTS),
  };
  /** Torques of the last `torques()`, Nm. */
  readonly output = new Float64Array(JOINTS);
  readonly goalPosition = new Float64Array(3);
  readonly goalOrientation = new Float64Array(9);
  readonly posture = new Float64Array(JOINTS);
  private readonly sim: Sim;
  private readonly config: OscPoseConfig;
  private readonly joints: Int32Array;
  private readonly positionAddress: Int32Array;
  private readonly velocityAddress: Int32Array;
  private readonly site: number;
  /** Where each element of the lower triangle of the 7 × 7 mass block lies in the sparse `M`; −1 = a structural zero. */
  private readonly massAddress: Int32Array;
  private readonly factor = new Float64Array(JOINTS * JOINTS);
  private readonly half = new Float64Array(JOINTS * 6);
  private readonly inverseInertia = new Float64Array(36);
  private readonly block = new Float64Array(9);
  private readonly work = new Float64Array(36);
  private readonly force = new Float64Array(3);
  private readonly wrench = new Float64Array(6);
  private readonly postureForce = new Float64Array(6);
  private readonly acceleration = new Float64Array(JOINTS);

  constructor(sim: Sim, config: OscPoseConfig) {
    this.sim = sim;
    this.config = config;
    this.joints = Int32Array.from(config.joints, (name) => sim.id('joint', name));
    const [position, velocity] = [sim.model('jnt_qposadr'), sim.model('jnt_dofadr')];
    this.positionAddress = this.joints.map((joint) => position[joint]!);
    this.velocityAddress = this.joints.map((joint) => velocity[joint]!);
    this.site = sim.id('site', config.site);
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
    solveArmPose(
      this.sim,
      this.reading,
      () => this.read(),
      this.positionAddress,
      this.velocityAddress,
      position,
      orientation,
    );
  }

  /**
   * A new goal relative to the CURRENT pose: [dx, dy, dz, rx, ry, rz] in [−1, 1], scaled to metres and axis-angle radians in the base
   * frame. A rotation of exactly zero keeps the orientation goal as it was (robosuite). Call `read` first.
   */
  command(delta: ArrayLike<number>): void {
    const { positionScale, rotationScale } = this.config;
    for (let i = 0; i < 3; i++) this.goalPosition[i] = this.reading.position[i]! + unitClip(delta[i]!) * positionScale;
    const [x, y, z] = [unitClip(delta[3]!), unitClip(delta[4]!), unitClip(delta[5]!)];
    if (x === 0 && y === 0 && z === 0) return;
    const turn = quaternionToMatrix(axisAngleToQuaternion([x * rotationScale, y * rotationScale, z * rotationScale]));
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
    const { position, orientation, jacobian, mass, jointPosition, jointVelocity, bias } = this.reading;
    const { sim, site, positionAddress, velocityAddress, massAddress } = this;
    const [sitePosition, siteMatrix] = [sim.data('site_xpos'), sim.data('site_xmat')];
    for (let i = 0; i < 3; i++) position[i] = sitePosition[3 * site + i]!;
    for (let i = 0; i < 9; i++) orientation[i] = siteMatrix[9 * site + i]!;
    const [px, py, pz] = [position[0]!, position[1]!, position[2]!];
    const [axis, anchor, sparse] = [sim.data('xaxis'), sim.data('xanchor'), sim.data('M')];
    const [q, v, b] = [sim.data('qpos'), sim.data('qvel'), sim.data('qfrc_bias')];
    for (let j = 0; j < JOINTS; j++) {
      const at = 3 * this.joints[j]!;
      const [ax, ay, az] = [axis[at]!, axis[at + 1]!, axis[at + 2]!];
      const [rx, ry, rz] = [px - anchor[at]!, py - anchor[at + 1]!, pz - anchor[at + 2]!];
      jacobian[j] = ay * rz - az * ry;
      jacobian[JOINTS + j] = az * rx - ax * rz;
      jacobian[2 * JOINTS + j] = ax * ry - ay * rx;
      jacobian[3 * JOINTS + j] = ax;
      jacobian[4 * JOINTS + j] = ay;
      jacobian[5 * JOINTS + j] = az;
      jointPosition[j] = q[positionAddress[j]!]!;
      jointVelocity[j] = v[velocityAddress[j]!]!;
      bias[j] = b[velocityAddress[j]!]!;
      for (let k = 0; k <= j; k++) {
        const address = massAddress[j * JOINTS + k]!;
        const value = address < 0 ? 0 : sparse[address]!;
        mass[j * JOINTS + k] = value;
        mass[k * JOINTS + j] = value;
      }
    }
  }

  /** The control law on the last reading: joint torques towards the goal, clipped. The returned array is reused. */
  torques(): Float64Array {
    const { jacobian, mass, jointPosition, jointVelocity, bias } = this.reading;
    const { factor, half, inverseInertia, wrench, postureForce, acceleration, output } = this;
    const { postureStiffness, torqueLimits } = this.config;
    // half = L⁻¹·Jᵀ with M = L·Lᵀ, so that J·M⁻¹·Jᵀ = halfᵀ·half.
    factor.set(mass);
    cholesky(factor, JOINTS);
    for (let j = 0; j < JOINTS; j++) for (let i = 0; i < 6; i++) half[j * 6 + i] = jacobian[i * JOINTS + j]!;
    forwardSolve(factor, JOINTS, half, 6);
    for (let i = 0; i < 6; i++) {
      for (let k = 0; k <= i; k++) {
        let sum = 0;
        for (let j = 0; j < JOINTS; j++) sum += half[j * 6 + i]! * half[j * 6 + k]!;
        inverseInertia[i * 6 + k] = sum;
        inverseInertia[k * 6 + i] = sum;
      }
    }
    this.errorWrench();
    this.decouple(0);
    this.decouple(3);
    // Posture: u = kp·(q₀ − q) − kd·q̇ in the null space. Its torque is M·u − Jᵀ·Λ·J·u (N = I − J̄·J, Λ = (J·M⁻¹·Jᵀ)⁺).
    const postureDamping = 2 * Math.sqrt(postureStiffness);
    for (let j = 0; j < JOINTS; j++) {
      acceleration[j] = postureStiffness * (this.posture[j]! - jointPosition[j]!) - postureDamping * jointVelocity[j]!;
    }
    for (let i = 0; i < 6; i++) {
      let sum = 0;
      for (let j = 0; j < JOINTS; j++) sum += jacobian[i * JOINTS + j]! * acceleration[j]!;
      postureForce[i] = sum;
    }
    solveSymmetric(inverseInertia, 6, postureForce, this.work);
    for (let j = 0; j < JOINTS; j++) {
      let torque = bias[j]!;
      for (let i = 0; i < 6; i++) torque += jacobian[i * JOINTS + j]! * (wrench[i]! - postureForce[i]!);
      for (let k = 0; k < JOINTS; k++) torque += mass[j * JOINTS + k]! * acceleration[k]!;
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
    poseError(this.reading, this.goalPosition, this.goalOrientation, wrench);
    for (let i = 0; i < 6; i++) {
      wrench[i]! *= stiffness;
      let velocity = 0;
      for (let j = 0; j < JOINTS; j++) velocity += jacobian[i * JOINTS + j]! * jointVelocity[j]!;
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
    const { sim, velocityAddress } = this;
    const [start, count, column] = [sim.model('M_rowadr'), sim.model('M_rownnz'), sim.model('M_colind')];
    const out = new Int32Array(JOINTS * JOINTS).fill(-1);
    for (let j = 0; j < JOINTS; j++) {
      const row = velocityAddress[j]!;
      for (let k = 0; k <= j; k++) {
        for (let a = start[row]!; a < start[row]! + count[row]!; a++) {
          if (column[a] === velocityAddress[k]) out[j * JOINTS + k] = a;
        }
      }
    }
    return out;
  }
}

function unitClip(value: number): number {
  return value < -1 ? -1 : value > 1 ? 1 : value;
}
