/** @file UFACTORY xArm7 with its gripper: 7 joints. */

import type { Joint, RobotArm } from '../robot.ts';

const RIGHT = Math.PI / 2;
const TURN = 2 * Math.PI;

function joint(position: Joint['position'], roll: number, low: number, high: number): Joint {
  // 180 °/s; the maker allows up to 20 rad/s², we ask for half.
  return { position, roll, offset: 0, low, high, velocity: Math.PI, acceleration: 10 };
}

/** The xArm7. */
export const XARM7: RobotArm = {
  name: 'xarm7',
  tag: 'xArm7',
  source: 'UFACTORY xarm_ros, xarm_description: xarm7_default_kinematics.yaml; limits: xArm user manual',
  baseTurn: 0,
  joints: [
    joint([0, 0, 0.267], 0, -TURN, TURN),
    joint([0, 0, 0], -RIGHT, -2.059, 2.0944),
    joint([0, -0.293, 0], RIGHT, -TURN, TURN),
    joint([0.0525, 0, 0], RIGHT, -0.19198, 3.927),
    joint([0.0775, -0.3425, 0], RIGHT, -TURN, TURN),
    joint([0, 0, 0], RIGHT, -1.69297, Math.PI),
    joint([0.076, 0.097, 0], -RIGHT, -TURN, TURN),
  ],
  tool: { length: 0.172, flipped: false, turn: 0, opening: 0.084 },
  links: [
    { joint: 0, from: [0, 0, 0.05], to: [0, 0, 0.1], radius: 0.075 },
    { joint: 1, from: [0, 0, -0.12], to: [0, 0, 0], radius: 0.065 },
    { joint: 2, from: [0, 0, 0], to: [0, -0.17, 0], radius: 0.06 },
    { joint: 3, from: [0, 0, -0.1], to: [0.04, 0, 0], radius: 0.06 },
    { joint: 4, from: [0, 0, 0], to: [0.0775, -0.12, 0], radius: 0.058 },
    { joint: 5, from: [0, 0, -0.2], to: [0, 0, -0.02], radius: 0.052 },
    { joint: 6, from: [0, 0, 0], to: [0.076, 0.04, 0], radius: 0.05 },
    { joint: 7, from: [0, 0, -0.05], to: [0, 0, 0.02], radius: 0.042 },
  ],
  home: [0, -0.3357, 0, 0.9786, 0, 1.3143, 0],
  reach: { near: 0.3, far: 0.52, side: 0.25 },
};
