/** @file The 6-joint arm under control: absolute joint targets and the gripper's opening in, joint angles and the opening out. */

import { wrapAngle } from '../../../base/rotation.ts';
import type { Vector3 } from '../../../base/rotation.ts';
import { addJointStep, ArmReader, solveArmPose } from '../../control/arm-pose.ts';
import type { Sim } from '../../mujoco/sim.ts';
import { FINGER_JOINTS, FINGER_TRAVEL, GRIP_SITE } from '../arm.ts';
import { turnTowards } from '../motion.ts';
import type { Aim, ArmRobot, HandPose, RobotState } from '../robot-model.ts';
import { JOINT_RANGE, SIX_JOINT_HOME, SIX_JOINTS } from './arm.ts';

/** Control periods per second. */
export const SIX_JOINT_HZ = 10;
/** Physics steps of one control period of 100 ms. */
const SUBSTEPS = 20;
/** Targets move no faster, radians per second. */
const JOINT_SPEED = 3.14;
/** Seconds from open to closed. */
const CLOSING_SECONDS = 0.4;
/** The expert's longest step of one control period: metres, radians. */
const LONGEST_MOVE = 0.045;
const LONGEST_TURN = 0.35;

const COUNT = SIX_JOINTS.length;
/** `addJointStep` on a plain list of joints. */
const IN_ORDER = [...SIX_JOINTS.keys()];

/** The arm and its gripper in a simulation. */
export class SixJointRobot implements ArmRobot {
  private readonly sim: Sim;
  private readonly reader: ArmReader;
  private readonly site: number;
  private readonly fingers: readonly number[];
  private readonly motors: readonly number[];
  private readonly servos: readonly number[];
  /** Where the joint servos are heading, radians, and the gripper's target opening, 0 closed to 1 open. */
  private readonly targets = new Float64Array(COUNT + 1);

  constructor(sim: Sim) {
    this.sim = sim;
    this.reader = new ArmReader(sim, SIX_JOINTS, GRIP_SITE);
    this.site = sim.id('site', GRIP_SITE);
    const addresses = sim.model('jnt_qposadr');
    this.fingers = FINGER_JOINTS.map((name) => addresses[sim.id('joint', name)]!);
    this.motors = SIX_JOINTS.map((name) => sim.id('actuator', name));
    this.servos = FINGER_JOINTS.map((name) => sim.id('actuator', name));
  }

  place([hand]: readonly HandPose[]): void {
    const { sim, reader, targets } = this;
    const { position, yaw } = hand!;
    const qpos = sim.data('qpos');
    for (const [i, address] of reader.positionAddress.entries()) qpos[address] = SIX_JOINT_HOME[i]!;
    for (const address of this.fingers) qpos[address] = FINGER_TRAVEL;
    sim.forward();
    solveArmPose(sim, reader, position, [Math.cos(yaw), Math.sin(yaw), 0, Math.sin(yaw), -Math.cos(yaw), 0, 0, 0, -1]);
    reader.read();
    targets.set(reader.reading.jointPosition);
    targets[COUNT] = 1;
    this.drive();
  }

  /** One control period (100 ms). `action` = six joint targets, radians, and the gripper's opening, 0 closed to 1 open. */
  step(action: ArrayLike<number>): void {
    const { sim, targets } = this;
    const start = targets.slice();
    const goal = start.map((from, i) => {
      const [low, high] = i === COUNT ? [0, 1] : [-JOINT_RANGE[i]!, JOINT_RANGE[i]!];
      const most = i === COUNT ? 1 / (CLOSING_SECONDS * SIX_JOINT_HZ) : JOINT_SPEED / SIX_JOINT_HZ;
      const wanted = Math.max(low, Math.min(high, action[i]!));
      return from + Math.max(-most, Math.min(most, wanted - from));
    });
    for (let substep = 1; substep <= SUBSTEPS; substep++) {
      for (let i = 0; i <= COUNT; i++) targets[i] = start[i]! + ((goal[i]! - start[i]!) * substep) / SUBSTEPS;
      this.drive();
      sim.actAndIntegrate();
      sim.computePose();
    }
    sim.check();
  }

  handAt(): this {
    return this;
  }

  /** The joints that bring the hand a step nearer: damped least squares on the current Jacobian. */
  towards(aim: Aim): Float32Array {
    this.reader.read();
    const { reading } = this.reader;
    const position = this.position();
    const move = aim.position.map((value, k) => value - position[k]!);
    const orientation = this.sim.data('site_xmat').slice(9 * this.site, 9 * this.site + 9);
    const turn = turnTowards(orientation, aim.yaw);
    const shorten = (parts: readonly number[], longest: number): number[] => {
      const excess = Math.max(1, Math.hypot(...parts) / longest);
      return parts.map((value) => value / excess);
    };
    const twist = Float64Array.from([
      ...shorten(move, LONGEST_MOVE * (aim.speed ?? 1)),
      ...shorten(turn, LONGEST_TURN),
    ]);
    const joints = reading.jointPosition.slice();
    addJointStep(reading, twist, joints, IN_ORDER);
    const bounded = joints.map((value, i) => Math.max(-JOINT_RANGE[i]!, Math.min(JOINT_RANGE[i]!, value)));
    return Float32Array.of(...bounded, aim.gripper === 'open' ? 1 : 0);
  }

  position(): Vector3 {
    const all = this.sim.data('site_xpos');
    const at = 3 * this.site;
    return [all[at]!, all[at + 1]!, all[at + 2]!];
  }

  yaw(): number {
    const all = this.sim.data('site_xmat');
    return wrapAngle(Math.atan2(all[9 * this.site + 3]!, all[9 * this.site]!));
  }

  gap(): number {
    const qpos = this.sim.data('qpos');
    return qpos[this.fingers[0]!]! + qpos[this.fingers[1]!]!;
  }

  /** Six joint angles, radians, and the opening, 0 closed to 1 open. */
  state(): Float32Array {
    const qpos = this.sim.data('qpos');
    const joints = Array.from(this.reader.positionAddress, (address) => qpos[address]!);
    return Float32Array.of(...joints, this.gap() / (2 * FINGER_TRAVEL));
  }

  save(): RobotState {
    return { values: this.targets.slice() };
  }

  restore({ values }: RobotState): void {
    this.targets.set(values);
  }

  private drive(): void {
    const { targets } = this;
    const ctrl = this.sim.data('ctrl');
    for (const [i, motor] of this.motors.entries()) ctrl[motor] = targets[i]!;
    for (const servo of this.servos) ctrl[servo] = FINGER_TRAVEL * targets[COUNT]!;
  }
}
