/** @file Franka Emika Panda with its hand: 7 joints. */

import type { Joint, RobotArm } from '../robot.ts';

const [UP, DOWN] = [Math.PI / 2, -Math.PI / 2];

function joint(
  position: Joint['position'],
  roll: number,
  [low, high]: readonly [number, number],
  velocity: number,
  acceleration: number,
): Joint {
  return { position, roll, offset: 0, low, high, velocity, acceleration };
}

/** The Panda. */
export const FRANKA_PANDA: RobotArm = {
  name: 'franka-panda',
  tag: 'Franka Panda',
  source:
    'Franka Control Interface documentation, "Robot and interface specifications": Denavit–Hartenberg (Craig), limits',
  baseTurn: 0,
  joints: [
    joint([0, 0, 0.333], 0, [-2.8973, 2.8973], 2.175, 15),
    joint([0, 0, 0], DOWN, [-1.7628, 1.7628], 2.175, 7.5),
    joint([0, -0.316, 0], UP, [-2.8973, 2.8973], 2.175, 10),
    joint([0.0825, 0, 0], UP, [-3.0718, -0.0698], 2.175, 12.5),
    joint([-0.0825, 0.384, 0], DOWN, [-2.8973, 2.8973], 2.61, 15),
    joint([0, 0, 0], UP, [-0.0175, 3.7525], 2.61, 20),
    joint([0.088, 0, 0], UP, [-2.8973, 2.8973], 2.61, 20),
  ],
  // Flange at 0.107, the hand turned by −45°, the fingertips 0.1034 beyond it.
  tool: { length: 0.2104, flipped: false, turn: -Math.PI / 4, opening: 0.08 },
  links: [
    { joint: 0, from: [0, 0, 0.06], to: [-0.06, 0, 0.06], radius: 0.1 },
    { joint: 1, from: [0, 0, -0.19], to: [0, 0, 0], radius: 0.07 },
    { joint: 2, from: [0, 0, 0], to: [0, -0.17, 0], radius: 0.07 },
    { joint: 3, from: [0, 0, -0.11], to: [0.06, 0, 0], radius: 0.07 },
    { joint: 4, from: [0, 0, 0], to: [-0.0825, 0.1, 0], radius: 0.065 },
    { joint: 5, from: [0, 0.02, -0.25], to: [0, 0.06, -0.05], radius: 0.06 },
    { joint: 6, from: [0, 0, 0], to: [0.088, 0, 0], radius: 0.06 },
    { joint: 7, from: [0, 0, 0], to: [0, 0, 0.09], radius: 0.05 },
  ],
  home: [0, -0.2324, 0, -2.4599, 0, 2.2275, 0.7854],
  reach: { near: 0.33, far: 0.63, side: 0.3 },
};
