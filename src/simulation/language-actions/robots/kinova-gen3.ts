/** @file Kinova Gen3 with a Robotiq 2F-85: 7 joints, four of them without a stop. */

import { symmetric, type Joint, type RobotArm } from '../robot.ts';

const RIGHT = Math.PI / 2;
const [LARGE, SMALL] = [1.3963, 1.2218];
/** Joints without a stop stay within one turn each way. */
const FREE = 360;

function joint(position: Joint['position'], roll: number, degrees: number, velocity: number): Joint {
  // Accelerations: our choice; the maker's defaults for its controllers are of this order.
  return { position, roll, offset: 0, ...symmetric(degrees), velocity, acceleration: 5 };
}

/** The Gen3 with 7 joints. */
export const KINOVA_GEN3: RobotArm = {
  name: 'kinova-gen3',
  tag: 'Kinova Gen3',
  source: 'Kinova ros_kortex, kortex_description/arms/gen3/7dof: joint origins, limits and speeds',
  baseTurn: 0,
  joints: [
    joint([0, 0, 0.15643], Math.PI, FREE, LARGE),
    joint([0, 0.005375, -0.12838], RIGHT, 138, LARGE),
    joint([0, -0.21038, -0.006375], -RIGHT, FREE, LARGE),
    joint([0, 0.006375, -0.21038], RIGHT, 152, LARGE),
    joint([0, -0.20843, -0.006375], -RIGHT, FREE, SMALL),
    joint([0, 0.00017505, -0.10593], RIGHT, 127, SMALL),
    joint([0, -0.10593, -0.00017505], -RIGHT, FREE, SMALL),
  ],
  // The last z points into the arm; flange at −0.0615.
  tool: { length: -0.061525 - 0.163, flipped: true, turn: 0, opening: 0.085 },
  links: [
    { joint: 0, from: [0, 0, 0.03], to: [0, 0, 0.12], radius: 0.06 },
    { joint: 1, from: [0, 0, -0.02], to: [0, 0, -0.12], radius: 0.052 },
    { joint: 2, from: [0, 0, 0], to: [0, -0.2, 0], radius: 0.05 },
    { joint: 3, from: [0, 0, 0], to: [0, 0, -0.2], radius: 0.05 },
    { joint: 4, from: [0, 0, 0], to: [0, -0.2, -0.006], radius: 0.047 },
    { joint: 5, from: [0, 0, 0], to: [0, 0, -0.1], radius: 0.042 },
    { joint: 6, from: [0, 0, 0], to: [0, -0.1, 0], radius: 0.042 },
    { joint: 7, from: [0, 0, 0.02], to: [0, 0, -0.05], radius: 0.042 },
  ],
  home: [0, 0.3362, 3.1416, -1.4642, 0, -1.3412, 0],
  reach: { near: 0.33, far: 0.62, side: 0.3 },
};
