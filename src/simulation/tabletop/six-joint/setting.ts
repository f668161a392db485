/** @file The 6-joint arm at the tabletop: its embodiment, cameras and tasks. */

import type { Embodiment } from '../../../interfaces/embodiment.ts';
import { armExclusions, HAND_GEOMS } from '../arm.ts';
import type { HandPose, RobotModel } from '../robot-model.ts';
import type { TabletopSetting } from '../tabletop.ts';
import { TASKS } from '../tasks.ts';
import { JOINT_RANGE, SIX_JOINTS, sixJointActuators, sixJointBodies } from './arm.ts';
import { SIX_JOINT_HZ, SixJointRobot } from './robot.ts';

/** Beside the table, to the robot's left, looking back at it. */
const SIDE_CAMERA = '<camera name="side" pos=".95 .62 .66" xyaxes="-.84 .54 0 -.33 -.51 .79" fovy="30"/>';

/** Absolute joint targets and the gripper's opening at 10 Hz; other cameras than the 7-joint arm's. */
export function sixJointEmbodiment(imageSize: number): Embodiment {
  const convention = {
    rotation: 'none',
    frame: 'joint',
    gripper: 'close-zero-open-one',
    reference: 'absolute',
    unit: 'si',
  } as const;
  const names = [...SIX_JOINTS, 'gripper'];
  return {
    name: 'vlakit-six-joint',
    cameras: [
      { name: 'side', width: imageSize, height: imageSize, label: 'ego' },
      { name: 'wrist', width: imageSize, height: imageSize, label: 'cam_right_wrist' },
    ],
    state: { names, convention },
    action: {
      names,
      convention,
      low: [...JOINT_RANGE.map((range) => -range), 0],
      high: [...JOINT_RANGE, 1],
    },
    controlHz: SIX_JOINT_HZ,
    // What holds still is where it is, which no constant says.
    holdAction: null,
    body: { tag: 'vlakit six-joint', arms: 1, waist: false, mobileBase: false },
  };
}

const sixJointArm: RobotModel<SixJointRobot> = {
  embodiment: sixJointEmbodiment,
  cameras: [
    { name: 'side', mount: 'stand' },
    { name: 'wrist', mount: 'hand' },
  ],
  clutter: [
    { x: [0.36, 0.44], y: [-0.16, 0.16] },
    { x: [0.69, 0.72], y: [-0.16, 0.16] },
  ],
  bodies: SIDE_CAMERA + sixJointBodies(),
  actuators: sixJointActuators(),
  exclusions: armExclusions(),
  handGeoms: HAND_GEOMS,
  create: (sim) => new SixJointRobot(sim),
  start: (random): readonly HandPose[] => [
    {
      position: [random.range(0.44, 0.53), random.range(-0.1, 0.1), random.range(0.12, 0.17)],
      yaw: random.range(-0.3, 0.3),
    },
  ],
};

/** The 6-joint arm with all tasks for one arm. */
export const SIX_JOINT_TABLETOP: TabletopSetting = { name: 'six-joint', robot: sixJointArm, tasks: TASKS };
