/** @file How the built-in robots may move: what the safety gate holds them to, in the worlds' names. */

import type { GripperAxis, MotionAxis, MotionLimits } from '../src/interfaces/motion-limits.ts';
import { WAYPOINT_LIMITS, BASE_HZ } from '../src/simulation/rooms/base.ts';
import { LIBERO_OSC } from '../src/simulation/control/osc-pose.ts';
import { JOINT_RANGE, SIX_JOINTS, sixJointChain } from '../src/simulation/tabletop/six-joint/arm.ts';

type Range = readonly [low: number, high: number];

/** Fast, for an arm of this size: metres or radians per second, per second², per second³. */
const HAND = {
  // What the controller's largest command means at 20 Hz. The acceleration of translations is the Panda's own (Franka Control Interface,
  // "Cartesian space limits": 13 m/s²); the turns of this arm's wrist are quicker than the Panda's.
  translation: { velocity: 1, acceleration: 13, jerk: 400 },
  rotation: { velocity: 10, acceleration: 100, jerk: 4000 },
};

const gripper = (name: string, low: number): GripperAxis => ({
  name,
  kind: 'gripper',
  position: [low, 1],
  velocity: null,
});

/** A hand that is told steps of its pose; `prefix` begins its names. */
function handAxes(prefix: string, x: Range, y: Range, z: Range): (MotionAxis | GripperAxis)[] {
  const places = { x, y, z };
  return [
    ...(['x', 'y', 'z'] as const).map((axis): MotionAxis => ({
      name: `${prefix}d${axis}`,
      kind: 'motion',
      scale: LIBERO_OSC.positionScale,
      position: places[axis],
      state: `${prefix}${axis}`,
      ...HAND.translation,
    })),
    ...['rx', 'ry', 'rz'].map((axis): MotionAxis => ({
      name: prefix + axis,
      kind: 'motion',
      scale: LIBERO_OSC.rotationScale,
      position: null,
      state: null,
      ...HAND.rotation,
    })),
    gripper(`${prefix}gripper`, -1),
  ];
}

/** Above the table, which begins before the arm and whose top is at height 0; metres. */
const [AHEAD, ABOVE]: readonly Range[] = [
  [0.25, 0.85],
  [-0.005, 0.6],
];

const tabletop: MotionLimits = {
  embodiment: 'vlakit-tabletop',
  axes: handAxes('', AHEAD!, [-0.45, 0.45], ABOVE!),
  workspaces: [],
  hold: 'hold-action',
  derived: [],
};

const twoArms: MotionLimits = {
  embodiment: 'vlakit-two-arms',
  // Each has its side, and a hand's breadth of the other's to hand things over.
  axes: [...handAxes('left_', AHEAD!, [-0.15, 0.65], ABOVE!), ...handAxes('right_', AHEAD!, [-0.65, 0.15], ABOVE!)],
  workspaces: [],
  hold: 'hold-action',
  derived: [],
};

const sixJoint: MotionLimits = {
  embodiment: 'vlakit-six-joint',
  axes: [
    ...SIX_JOINTS.map((name, i): MotionAxis => ({
      name,
      kind: 'motion',
      scale: 1,
      position: [-JOINT_RANGE[i]!, JOINT_RANGE[i]!],
      state: name,
      // The speed at which the arm's servos follow.
      velocity: 3.14,
      acceleration: 20,
      jerk: 400,
    })),
    gripper('gripper', 0),
  ],
  workspaces: [
    { kind: 'chain', name: 'grip', low: [-0.95, -0.95, -0.005], high: [0.95, 0.95, 1.1], links: sixJointChain() },
  ],
  hold: 'last-target',
  derived: [],
};

const rooms: MotionLimits = {
  embodiment: 'vlakit-mobile-base',
  axes: (['dx', 'dy', 'dtheta'] as const).map((name, i): MotionAxis => {
    const velocity = WAYPOINT_LIMITS[i]! * BASE_HZ;
    // From rest to full speed in one waypoint of half a second; jerk as the turns on the spot need it.
    const acceleration = velocity * BASE_HZ;
    return {
      name,
      kind: 'motion',
      scale: 1,
      position: null,
      state: null,
      velocity,
      acceleration,
      jerk: 1.5 * acceleration * BASE_HZ,
    };
  }),
  workspaces: [
    {
      kind: 'planar',
      name: 'floor',
      // Metres from the start; the rooms are smaller.
      low: [-12, -12],
      high: [12, 12],
      action: ['dx', 'dy', 'dtheta'],
      state: ['x', 'y', 'cosine', 'sine'],
    },
  ],
  hold: 'hold-action',
  derived: [],
};

/** By the name of the built-in world. */
export const WORLD_LIMITS: Readonly<Record<string, MotionLimits>> = {
  tabletop,
  'six-joint': sixJoint,
  'two-arms': twoArms,
  rooms,
};
