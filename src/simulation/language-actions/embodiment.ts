/** @file The arms as policies see them: joints or the hand's pose, absolute joints or the tabletop's changes of the hand; and frames for a dataset. */

import type { Embodiment, VectorSpec } from '../../interfaces/embodiment.ts';
import type { Feature } from '../../interfaces/episode.ts';
import type { RobotArm } from './robot.ts';
import { endEffectorActions, jointActions, poses, type Samples } from './trajectory.ts';

/** What actions mean: the joints of the next tick, or the change of the hand's pose in the tabletop's layout and units. */
export type ActionStyle = 'joints' | 'end-effector';

/** As the command line names them. */
export const ACTION_STYLES: readonly ActionStyle[] = ['joints', 'end-effector'];

const POSE = ['x', 'y', 'z', 'axis_angle_x', 'axis_angle_y', 'axis_angle_z'];
/** As on the tabletop: each finger's way from the middle, metres; the second negative. */
const FINGERS = ['finger_1', 'finger_2'];

/** The arm without cameras at a rate (hertz); state and action are of one kind. */
export function armEmbodiment(robot: RobotArm, style: ActionStyle, rate: number): Embodiment {
  return {
    name: robot.name,
    cameras: [],
    ...(style === 'joints' ? jointVectors(robot) : handVectors()),
    controlHz: rate,
    // Joint targets that hold still depend on the joints; no change holds still, and a gripper command of 0 keeps the gripper.
    holdAction: style === 'joints' ? null : [0, 0, 0, 0, 0, 0, 0],
    body: { tag: robot.tag, arms: 1, waist: false, mobileBase: false },
  };
}

function jointVectors({ joints }: RobotArm): { state: VectorSpec; action: VectorSpec } {
  const names = joints.map((_, i) => `joint_${i + 1}`);
  const convention = { rotation: 'none', frame: 'joint', reference: 'absolute', unit: 'si' } as const;
  return {
    state: { names: [...names, ...FINGERS], convention: { ...convention, gripper: 'finger-positions' } },
    action: {
      names: [...names, 'gripper'],
      convention: { ...convention, gripper: 'close-positive' },
      low: [...joints.map(({ low }) => low), -1],
      high: [...joints.map(({ high }) => high), 1],
    },
  };
}

/** The same conventions as the tabletop's arm has. */
function handVectors(): { state: VectorSpec; action: VectorSpec } {
  const convention = { rotation: 'axis-angle', frame: 'base' } as const;
  return {
    state: {
      names: [...POSE, ...FINGERS],
      convention: { ...convention, gripper: 'finger-positions', reference: 'absolute', unit: 'si' },
    },
    action: {
      names: ['dx', 'dy', 'dz', 'rx', 'ry', 'rz', 'gripper'],
      convention: { ...convention, gripper: 'close-positive', reference: 'delta', unit: 'normalised' },
      low: [-1, -1, -1, -1, -1, -1, -1],
      high: [1, 1, 1, 1, 1, 1, 1],
    },
  };
}

/** The dataset's features: state and action, and what the paper records beside them (joints, velocities, the hand's pose, the gripper). */
export function armFeatures(robot: RobotArm, embodiment: Embodiment): Record<string, Feature> {
  const vector = (names: readonly string[]): Feature => ({ dtype: 'float32', shape: [names.length], names });
  const joints = robot.joints.map((_, i) => `joint_${i + 1}`);
  return {
    'observation.state': vector(embodiment.state.names),
    action: vector(embodiment.action.names),
    'observation.joint_positions': vector(joints),
    'observation.joint_velocities': vector(joints),
    'observation.end_effector_pose': vector(POSE),
    'observation.gripper_opening': vector(['opening']),
  };
}

/** The columns of an episode, row-major, for `armFeatures`. */
export function armColumns(samples: Samples, style: ActionStyle): Record<string, Float64Array> {
  const { length, joints, velocities, openings } = samples;
  const hand = poses(samples);
  const seen = style === 'joints' ? joints : hand;
  const size = seen.length / length;
  const state = new Float64Array(length * (size + 2));
  for (let i = 0; i < length; i++) {
    state.set(seen.subarray(i * size, i * size + size), i * (size + 2));
    state[i * (size + 2) + size] = openings[i]! / 2;
    state[i * (size + 2) + size + 1] = -openings[i]! / 2;
  }
  return {
    'observation.state': state,
    action: style === 'joints' ? jointActions(samples) : endEffectorActions(samples),
    'observation.joint_positions': joints,
    'observation.joint_velocities': velocities,
    'observation.end_effector_pose': hand,
    'observation.gripper_opening': openings,
  };
}
