/** @file The 7-joint arm under control: LIBERO's 7 actions in, its 8 state numbers out. */

import { quaternionToAxisAngle, wrapAngle } from '../../base/rotation.ts';
import type { Vector3 } from '../../base/rotation.ts';
import { LIBERO_OSC, OscPose } from '../control/osc-pose.ts';
import type { Sim } from '../mujoco/sim.ts';
import { ARM_JOINTS, FINGER_JOINTS, FINGER_TRAVEL, GRIP_SITE, HAND_BODY, HOME } from './arm.ts';
import { actionTowards } from './motion.ts';
import type { Aim, ArmRobot, HandPose, RobotState } from './robot-model.ts';

/** Physics steps of one control period of 50 ms. */
export const SUBSTEPS = 10;
/** Commands that would take the finger tips into the table are limited to this height of the grip site, metres. */
const FLOOR = 0.013;
/** The gripper's target moves from open (1) to closed (−1) in eight control periods, as robosuite's does; per substep. */
const GRIPPER_RATE = 2 / 8 / SUBSTEPS;

/** The arm and its gripper in a simulation: commands in, pose and state out. */
export class Robot implements ArmRobot {
  private readonly sim: Sim;
  private readonly control: OscPose;
  private readonly site: number;
  private readonly hand: number;
  private readonly joints: readonly number[];
  private readonly fingers: readonly number[];
  private readonly motors: readonly number[];
  private readonly servos: readonly number[];
  /** Target opening of the gripper: 1 = open, −1 = closed. */
  private opening = 1;
  private readonly command = new Float64Array(7);

  /** `prefix`: what the arm's names begin with in the model. */
  constructor(sim: Sim, prefix = '') {
    this.sim = sim;
    const addresses = sim.model('jnt_qposadr');
    const joints = ARM_JOINTS.map((name) => prefix + name);
    const fingers = FINGER_JOINTS.map((name) => prefix + name);
    this.joints = joints.map((name) => addresses[sim.id('joint', name)]!);
    this.fingers = fingers.map((name) => addresses[sim.id('joint', name)]!);
    this.motors = joints.map((name) => sim.id('actuator', name));
    this.servos = fingers.map((name) => sim.id('actuator', name));
    this.site = sim.id('site', prefix + GRIP_SITE);
    this.hand = sim.id('body', prefix + HAND_BODY);
    this.control = new OscPose(sim, { ...LIBERO_OSC, joints, site: prefix + GRIP_SITE });
  }

  place([hand]: readonly HandPose[]): void {
    const { sim } = this;
    const { position, yaw } = hand!;
    const qpos = sim.data('qpos');
    for (const [i, address] of this.joints.entries()) qpos[address] = HOME[i]!;
    for (const address of this.fingers) qpos[address] = FINGER_TRAVEL;
    this.opening = 1;
    sim.forward();
    this.control.hold();
    this.control.solvePose(position, [Math.cos(yaw), Math.sin(yaw), 0, Math.sin(yaw), -Math.cos(yaw), 0, 0, 0, -1]);
    this.control.aimHere();
  }

  /** One control period (50 ms). `action` = [dx, dy, dz, rx, ry, rz, gripper] in [−1, 1]; gripper 0 keeps its target. */
  step(action: ArrayLike<number>): void {
    this.accept(action, 0);
    for (let substep = 0; substep < SUBSTEPS; substep++) {
      this.drive();
      this.sim.actAndIntegrate();
      this.sim.computePose();
    }
    this.sim.check();
  }

  /** Takes the seven numbers of `action` from `at` on as the command of the next control period. */
  accept(action: ArrayLike<number>, at: number): void {
    const { control, command } = this;
    for (let i = 0; i < 7; i++) command[i] = Math.max(-1, Math.min(1, action[at + i]!));
    const lowest = (FLOOR - this.position()[2]) / LIBERO_OSC.positionScale;
    if (command[2]! < lowest) command[2] = Math.min(1, lowest);
    control.read();
    control.command(command);
  }

  /** Sets torques and finger targets for the next physics step. */
  drive(): void {
    const { sim, control, command, motors, servos } = this;
    control.read();
    const torques = control.torques();
    this.opening = Math.max(-1, Math.min(1, this.opening - Math.sign(command[6]!) * GRIPPER_RATE));
    const ctrl = sim.data('ctrl');
    for (let i = 0; i < 7; i++) ctrl[motors[i]!] = torques[i]!;
    const target = (FINGER_TRAVEL * (1 + this.opening)) / 2;
    for (const servo of servos) ctrl[servo] = target;
  }

  handAt(): this {
    return this;
  }

  towards(aim: Aim): Float32Array {
    return actionTowards(this, this.orientation(), aim);
  }

  /** The grip site, metres. */
  position(): Vector3 {
    const all = this.sim.data('site_xpos');
    const at = 3 * this.site;
    return [all[at]!, all[at + 1]!, all[at + 2]!];
  }

  /** The hand's orientation, row-major [3 × 3]. */
  orientation(): Float64Array {
    return this.sim.data('site_xmat').slice(9 * this.site, 9 * this.site + 9);
  }

  /** The hand's rotation about the vertical, in [−π, π). */
  yaw(): number {
    const all = this.sim.data('site_xmat');
    return wrapAngle(Math.atan2(all[9 * this.site + 3]!, all[9 * this.site]!));
  }

  /** The gap between the pads, metres. */
  gap(): number {
    const qpos = this.sim.data('qpos');
    return qpos[this.fingers[0]!]! + qpos[this.fingers[1]!]!;
  }

  /** LIBERO's state: grip site position, hand axis-angle (not normalised at π, so continuous), finger positions (second negative). */
  state(): Float32Array {
    const quaternions = this.sim.data('xquat');
    const at = 4 * this.hand;
    const turn = quaternionToAxisAngle([
      quaternions[at]!,
      quaternions[at + 1]!,
      quaternions[at + 2]!,
      quaternions[at + 3]!,
    ]);
    const qpos = this.sim.data('qpos');
    return Float32Array.of(...this.position(), ...turn, qpos[this.fingers[0]!]!, -qpos[this.fingers[1]!]!);
  }

  save(): RobotState {
    return { values: Float64Array.of(this.opening, ...this.control.save().goal) };
  }

  restore({ values }: RobotState): void {
    this.control.restore({ goal: values.slice(1) });
    this.opening = values[0]!;
  }
}
