/** @file The 7-joint arm as a robot of the tabletop: its cameras, its part of the model, its start. */

import { armActuators, armBodies, armExclusions, HAND_GEOMS } from './arm.ts';
import { tabletopEmbodiment } from './embodiment.ts';
import type { HandPose, RobotModel } from './robot-model.ts';
import { Robot } from './robot.ts';

/** Front camera: in front of the table, looking back at the robot and down by 49 degrees; it just holds the workspace. */
const FRONT_CAMERA = '<camera name="front" pos="1.15 0 .72" xyaxes="0 1 0 -.7547 0 .6561" fovy="24"/>';

/** The arm of LIBERO's conventions. */
export const sevenJointArm: RobotModel<Robot> = {
  embodiment: tabletopEmbodiment,
  cameras: [
    { name: 'front', mount: 'stand' },
    { name: 'wrist', mount: 'hand' },
  ],
  clutter: [
    { x: [0.36, 0.44], y: [-0.16, 0.16] },
    { x: [0.69, 0.72], y: [-0.16, 0.16] },
  ],
  bodies: FRONT_CAMERA + armBodies(),
  actuators: armActuators(),
  exclusions: armExclusions(),
  handGeoms: HAND_GEOMS,
  create: (sim) => new Robot(sim),
  start: (random): readonly HandPose[] => [
    // Over the middle of the table, anywhere and turned a little.
    {
      position: [random.range(0.46, 0.55), random.range(-0.1, 0.1), random.range(0.12, 0.17)],
      yaw: random.range(-0.3, 0.3),
    },
  ],
};
