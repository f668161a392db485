/**
 * @file The Panda as robosuite 1.4 drives it in LIBERO: OSC_POSE at every physics step, a gripper whose target creeps, and robosuite's
 * quirks. With the same initial state and actions the original's torques come out (see libero.test.ts).
 */

import { quaternionToAxisAngle } from '../../base/rotation.ts';
import { LIBERO_OSC, OscPose } from '../control/osc-pose.ts';
import type { Sim } from '../mujoco/sim.ts';
import { robosuiteMatrix } from './robosuite-rotation.ts';

const JOINTS = [1, 2, 3, 4, 5, 6, 7].map((joint) => `robot0_joint${joint}`);
const MOTORS = [1, 2, 3, 4, 5, 6, 7].map((joint) => `robot0_torq_j${joint}`);
const FINGERS = [1, 2].map((finger) => `gripper0_finger_joint${finger}`);
const GRIPPER_MOTORS = [1, 2].map((finger) => `gripper0_gripper_finger_joint${finger}`);
const GRIP_SITE = 'gripper0_grip_site';
const HAND = 'robot0_right_hand';
/** Radians (LIBERO's mounted and on-the-ground Panda). */
const START = [0, -0.161037389, 0, -2.44459747, 0, 2.2267522, Math.PI / 4];
/** Metres. */
const START_FINGERS = [0.020833, -0.020833];
/** Physics steps of 2 ms in a control period of 50 ms. */
const SUBSTEPS = 25;
/** How far the gripper's target moves per physics step, of a range from −1 to 1. */
const GRIPPER_SPEED = 0.01;

/** The arm with its gripper. */
export class LiberoRobot {
  private readonly sim: Sim;
  private readonly arm: OscPose;
  private readonly armAddresses: readonly number[];
  private readonly fingerAddresses: readonly number[];
  private readonly motors: readonly number[];
  private readonly gripperMotors: readonly { id: number; centre: number; half: number; sign: number }[];
  private readonly site: number;
  private readonly hand: number;
  /** Between −1 and 1 per finger. */
  private readonly grip = [0, 0];
  /** The controller has not looked at the state since the reset; see `reset`. */
  private stale = false;
  private readonly command = new Float64Array(6);

  constructor(sim: Sim) {
    this.sim = sim;
    this.arm = new OscPose(sim, { ...LIBERO_OSC, joints: JOINTS, site: GRIP_SITE, turnMatrix: robosuiteMatrix });
    const address = (joint: string): number => sim.model('jnt_qposadr')[sim.id('joint', joint)]!;
    this.armAddresses = JOINTS.map(address);
    this.fingerAddresses = FINGERS.map(address);
    this.motors = MOTORS.map((name) => sim.id('actuator', name));
    this.gripperMotors = GRIPPER_MOTORS.map((name, finger) => {
      const id = sim.id('actuator', name);
      const [low, high] = sim.model('actuator_ctrlrange').subarray(2 * id, 2 * id + 2);
      return { id, centre: 0.5 * (high! + low!), half: 0.5 * (high! - low!), sign: finger === 0 ? -1 : 1 };
    });
    this.site = sim.id('site', GRIP_SITE);
    this.hand = sim.id('body', HAND);
  }

  /** Puts the arm where an episode's reset puts it; velocities and everything else stay. */
  placeAtStart(): void {
    const positions = this.sim.data('qpos');
    this.armAddresses.forEach((at, joint) => (positions[at] = START[joint]!));
  }

  /**
   * The reset pose becomes the posture to prefer and the goal; call it there (`Sim.reset`, `placeAtStart`, `Sim.forward`), before the initial
   * state is set. The first control step then still takes pose, Jacobian and mass matrix of the reset pose, with the fingers where the model
   * has them: robosuite makes its controller before it opens them, and looks again after the first torques only (`new_update`).
   */
  reset(): void {
    this.arm.hold();
    const positions = this.sim.data('qpos');
    this.fingerAddresses.forEach((at, finger) => (positions[at] = START_FINGERS[finger]!));
    this.stale = true;
    this.grip.fill(0);
  }

  /** One control period; `action`: 7 numbers, clipped to [−1, 1]. What is observed afterwards are the poses of the last physics step's begin. */
  step(action: ArrayLike<number>): void {
    const { sim, arm, command } = this;
    for (let i = 0; i < 6; i++) command[i] = action[i]!;
    const closing = Math.sign(action[6]!);
    for (let substep = 0; substep < SUBSTEPS; substep++) {
      sim.computePose();
      if (this.stale) arm.readBias();
      else arm.read();
      if (substep === 0) arm.command(command);
      this.stale = false;
      this.drive(arm.torques(), closing);
      sim.actAndIntegrate();
    }
    sim.check();
  }

  /** The 8 numbers of the papers' clients: grip site, axis-angle of the hand's body, finger joints. Metres, radians. */
  state(): Float32Array {
    const { sim, site, hand } = this;
    const position = sim.data('site_xpos');
    const quaternion = sim.data('xquat');
    const [w, x, y, z] = [0, 1, 2, 3].map((i) => quaternion[4 * hand + i]!) as [number, number, number, number];
    const fingers = sim.data('qpos');
    return Float32Array.of(
      position[3 * site]!,
      position[3 * site + 1]!,
      position[3 * site + 2]!,
      ...quaternionToAxisAngle([w, x, y, z]),
      ...this.fingerAddresses.map((at) => fingers[at]!),
    );
  }

  /** The grip site now: position, metres, and row-major orientation; live views. */
  gripPose(): { position: Float64Array; orientation: Float64Array } {
    const { sim, site } = this;
    return {
      position: sim.data('site_xpos').subarray(3 * site, 3 * site + 3),
      orientation: sim.data('site_xmat').subarray(9 * site, 9 * site + 9),
    };
  }

  private drive(torques: Float64Array, closing: number): void {
    const control = this.sim.data('ctrl');
    for (let joint = 0; joint < torques.length; joint++) control[this.motors[joint]!] = torques[joint]!;
    for (let finger = 0; finger < this.grip.length; finger++) {
      const { id, centre, half, sign } = this.gripperMotors[finger]!;
      const target = this.grip[finger]! + sign * GRIPPER_SPEED * closing;
      this.grip[finger] = target < -1 ? -1 : target > 1 ? 1 : target;
      control[id] = centre + half * this.grip[finger]!;
    }
  }
}
