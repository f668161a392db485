/** @file Universal Robots UR5e and UR10e with a Robotiq 2F-85: 6 joints. */

import { symmetric, type Capsule, type Joint, type RobotArm } from '../robot.ts';

/** Lengths of a UR arm, metres: the names of its Denavit–Hartenberg table. */
interface Lengths {
  readonly d1: number;
  readonly a2: number;
  readonly a3: number;
  readonly d4: number;
  readonly d5: number;
  readonly d6: number;
}

const RIGHT = Math.PI / 2;
const DEGREE = Math.PI / 180;
/** Not published by the maker; what its ROS description suggests. */
const ACCELERATION = 5;

function joints({ d1, a2, a3, d4, d5, d6 }: Lengths, speeds: readonly number[]): Joint[] {
  const places: [Joint['position'], number][] = [
    [[0, 0, d1], 0],
    [[0, 0, 0], RIGHT],
    [[a2, 0, 0], 0],
    [[a3, 0, d4], 0],
    [[0, -d5, 0], RIGHT],
    [[0, d6, 0], -RIGHT],
  ];
  return places.map(([position, roll], i) => ({
    position,
    roll,
    offset: 0,
    // The elbow is kept to half a turn each way, as the maker's own description does for planners.
    ...symmetric(i === 2 ? 180 : 360),
    velocity: speeds[i]! * DEGREE,
    acceleration: ACCELERATION,
  }));
}

/** From the forearm's middle to the wrist's, along the elbow's axis. */
const WRIST_OFFSET = 0.13;

/** `offset` is how far the upper arm lies beside the shoulder; `radius` that of the upper arm. */
function links({ d1, a2, a3, d4, d5 }: Lengths, offset: number, radius: number): Capsule[] {
  const inner = d4 - WRIST_OFFSET;
  return [
    { joint: 0, from: [0, 0, 0.03], to: [0, 0, d1 - 0.06], radius: radius + 0.015 },
    { joint: 1, from: [0, 0, 0], to: [0, -offset, 0], radius: radius + 0.005 },
    { joint: 2, from: [0, 0, offset], to: [a2, 0, offset], radius },
    { joint: 3, from: [0, 0, offset], to: [0, 0, inner], radius },
    { joint: 3, from: [0, 0, inner], to: [a3, 0, inner], radius: radius - 0.01 },
    { joint: 4, from: [0, 0, -0.06], to: [0, 0, 0.02], radius: 0.048 },
    { joint: 5, from: [0, 0, -d5 + 0.04], to: [0, 0, 0.03], radius: 0.048 },
    { joint: 6, from: [0, 0, -0.04], to: [0, 0, 0.02], radius: 0.045 },
  ];
}

/** The 2F-85, 0.163 m long closed. */
const tool = { length: 0.163, flipped: false, turn: -RIGHT, opening: 0.085 } as const;
const source =
  'Universal Robots, "DH parameters for calculations of kinematics and dynamics"; limits: e-Series user manuals as in Universal_Robots_ROS2_Description';

const UR5E_LENGTHS: Lengths = { d1: 0.1625, a2: -0.425, a3: -0.3922, d4: 0.1333, d5: 0.0997, d6: 0.0996 };
const UR10E_LENGTHS: Lengths = { d1: 0.1807, a2: -0.6127, a3: -0.57155, d4: 0.17415, d5: 0.11985, d6: 0.11655 };

/** The UR5e. */
export const UR5E: RobotArm = {
  name: 'ur5e',
  tag: 'UR5e',
  source,
  baseTurn: Math.PI,
  joints: joints(UR5E_LENGTHS, [180, 180, 180, 180, 180, 180]),
  tool,
  links: links(UR5E_LENGTHS, 0.138, 0.06),
  home: [-0.3, -1.71, 1.82, -1.67, -1.5708, -0.3],
  reach: { near: 0.33, far: 0.63, side: 0.3 },
};

/** The UR10e. */
export const UR10E: RobotArm = {
  name: 'ur10e',
  tag: 'UR10e',
  source,
  baseTurn: Math.PI,
  joints: joints(UR10E_LENGTHS, [120, 120, 180, 180, 180, 180]),
  tool,
  links: links(UR10E_LENGTHS, 0.176, 0.075),
  home: [-0.31, -1.74, 2.14, -1.98, -1.5708, -0.31],
  reach: { near: 0.4, far: 0.8, side: 0.4 },
};
