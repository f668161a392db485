/** @file Techman TM12 with a Robotiq 2F-85: 6 joints. */

import { symmetric, type Joint, type RobotArm } from '../robot.ts';

const RIGHT = Math.PI / 2;

function joint(position: Joint['position'], roll: number, offset: number, degrees: number): Joint {
  // Accelerations: our choice, as for the other arms of this size.
  return { position, roll, offset, ...symmetric(degrees), velocity: 3.15, acceleration: 5 };
}

/** The TM12. */
export const TM12: RobotArm = {
  name: 'tm12',
  tag: 'TM12',
  source: 'Techman tmr_ros1, tm12_description/urdf/tm12.urdf.xacro: Denavit–Hartenberg table, limits and speeds',
  baseTurn: 0,
  joints: [
    joint([0, 0, 0], 0, 0, 270),
    joint([0, 0, 0.1652], -RIGHT, -RIGHT, 180),
    joint([0.6361, 0, 0], 0, 0, 180),
    joint([0.5579, 0, 0], 0, RIGHT, 180),
    joint([0, 0, -0.1563], RIGHT, 0, 180),
    joint([0, 0, 0.106], RIGHT, 0, 270),
  ],
  tool: { length: 0.11315 + 0.163, flipped: false, turn: RIGHT, opening: 0.085 },
  links: [
    { joint: 0, from: [0, 0, 0.03], to: [0, 0, 0.1], radius: 0.085 },
    { joint: 1, from: [0, 0, 0.1652], to: [0, -0.18, 0.1652], radius: 0.08 },
    { joint: 2, from: [0, 0, -0.18], to: [0.6361, 0, -0.18], radius: 0.075 },
    { joint: 3, from: [0, 0, -0.18], to: [0, 0, -0.05], radius: 0.07 },
    { joint: 3, from: [0, 0, -0.05], to: [0.5579, 0, -0.05], radius: 0.06 },
    { joint: 4, from: [0, 0, -0.2], to: [0, 0, -0.06], radius: 0.05 },
    { joint: 5, from: [0, 0, -0.02], to: [0, 0, 0.11], radius: 0.05 },
    { joint: 6, from: [0, 0, 0], to: [0, 0, 0.1], radius: 0.048 },
  ],
  home: [0.28, -0.095, 2.115, -0.449, 1.5708, 0.28],
  reach: { near: 0.4, far: 0.8, side: 0.4 },
};
