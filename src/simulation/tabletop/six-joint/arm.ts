/**
 * @file A 6-joint arm made of primitive shapes, with the tabletop's gripper on its flange. Link offsets are those of the UR5e's public
 * Denavit–Hartenberg table (Universal Robots, "DH parameters for calculations of kinematics and dynamics"); shapes and inertias are our own.
 */

import type { ChainLink } from '../../../interfaces/motion-limits.ts';
import { GRIP_HEIGHT, gripperActuators, hand } from '../arm.ts';

/** The arm's joints, base to hand. */
export const SIX_JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow', 'wrist_1', 'wrist_2', 'wrist_3'] as const;
/** Joint limits, radians: ± these. */
export const JOINT_RANGE: readonly number[] = [3.1, 3.1, 2.8, 6.2, 6.2, 6.2];
/** Joint angles with the hand over the table, pointing down, elbow up; radians. */
export const SIX_JOINT_HOME: readonly number[] = [0, -1.8, 2.1, -1.87, -1.57, -1.57];

interface Link {
  /** Denavit–Hartenberg: offset along z, length along x (metres), and whether the next axis is turned by ± a quarter about x. */
  readonly d: number;
  readonly a: number;
  readonly quarter: -1 | 0 | 1;
  readonly mass: number;
  readonly inertia: number;
  /** Largest torque, Nm. */
  readonly torque: number;
  /** What is drawn, in the frame of the joint. */
  readonly shapes: readonly string[];
}

const GREY = '.75 .77 .8 1';
const BLUE = '.25 .45 .7 1';

const LINKS: readonly Link[] = [
  {
    d: 0.1625,
    a: 0,
    quarter: 1,
    mass: 3.7,
    inertia: 0.02,
    torque: 150,
    shapes: [capsule('0 0 .04 0 0 .1625', 0.06, GREY)],
  },
  {
    d: 0,
    a: -0.425,
    quarter: 0,
    mass: 8,
    inertia: 0.1,
    torque: 150,
    shapes: [capsule('0 0 0 0 0 .13', 0.055, BLUE), capsule('0 0 .13 -.425 0 .13', 0.05, GREY)],
  },
  {
    d: 0,
    a: -0.3922,
    quarter: 0,
    mass: 2.3,
    inertia: 0.03,
    torque: 150,
    shapes: [capsule('0 0 .13 0 0 .01', 0.05, BLUE), capsule('0 0 .01 -.3922 0 .01', 0.04, GREY)],
  },
  {
    d: 0.1333,
    a: 0,
    quarter: 1,
    mass: 1.2,
    inertia: 0.003,
    torque: 28,
    shapes: [capsule('0 0 .01 0 0 .1333', 0.04, BLUE)],
  },
  {
    d: 0.0997,
    a: 0,
    quarter: -1,
    mass: 1.2,
    inertia: 0.003,
    torque: 28,
    shapes: [capsule('0 0 0 0 0 .0997', 0.038, GREY)],
  },
  {
    d: 0.0996,
    a: 0,
    quarter: 0,
    mass: 0.3,
    inertia: 0.0005,
    torque: 28,
    shapes: [capsule('0 0 .02 0 0 .09', 0.035, BLUE)],
  },
];

/** The arm's body tree. Its base is turned by half a turn, so that all joints at zero stretch it forward, along the world's x. */
export function sixJointBodies(): string {
  let inner = hand('', String(LINKS.at(-1)!.d));
  for (let i = LINKS.length - 1; i >= 0; i--) {
    const { mass, inertia, shapes, torque } = LINKS[i]!;
    const before = i === 0 ? '' : ` ${offset(LINKS[i - 1]!)}`;
    const range = JOINT_RANGE[i]!;
    const centre = massCentre(LINKS[i]!);
    inner =
      `<body name="${SIX_JOINTS[i]}"${before} gravcomp="1">` +
      `<inertial pos="${centre}" mass="${mass}" diaginertia="${inertia} ${inertia} ${inertia}"/>` +
      `<joint name="${SIX_JOINTS[i]}" axis="0 0 1" range="-${range} ${range}" damping="${torque > 100 ? 4 : 1}" armature=".1"/>` +
      `${shapes.join('')}${inner}</body>`;
  }
  return `<body name="base" quat="0 0 0 1">${cylinder()}${inner}</body>`;
}

/** The chain of joints from the base to between the finger tips. */
export function sixJointChain(): ChainLink[] {
  const still = { action: null, joint: 'revolute', axis: [0, 0, 1] } as const;
  return [
    { ...still, position: [0, 0, 0], rotation: [0, 0, Math.PI] },
    ...SIX_JOINTS.map((action, i): ChainLink => {
      const { d, a, quarter } = LINKS[i - 1] ?? { d: 0, a: 0, quarter: 0 };
      return { ...still, action, position: [a, 0, d], rotation: [(quarter * Math.PI) / 2, 0, 0] };
    }),
    { ...still, position: [0, 0, LINKS.at(-1)!.d + GRIP_HEIGHT], rotation: [0, 0, 0] },
  ];
}

/** Position servos for joints and fingers. */
export function sixJointActuators(): string {
  const servos = SIX_JOINTS.map((name, i) => {
    const { torque } = LINKS[i]!;
    const range = JOINT_RANGE[i]!;
    const [kp, kv] = torque > 100 ? [3000, 300] : [400, 25];
    return `<position name="${name}" joint="${name}" kp="${kp}" kv="${kv}" ctrlrange="-${range} ${range}" forcerange="-${torque} ${torque}"/>`;
  });
  return `${servos.join('')}${gripperActuators()}`;
}

/** From the frame of one joint to that of the next: along z by d, along x by a, then about x. */
function offset({ d, a, quarter }: Link): string {
  return `pos="${a} 0 ${d}" quat="1 ${quarter} 0 0"`;
}

function massCentre({ d, a }: Link): string {
  return `${a / 2} 0 ${d / 2}`;
}

function capsule(fromTo: string, radius: number, colour: string): string {
  return `<geom type="capsule" fromto="${fromTo}" size="${radius}" rgba="${colour}" group="1" contype="0" conaffinity="0"/>`;
}

function cylinder(): string {
  return `<geom type="cylinder" size=".075 .03" pos="0 0 .03" rgba=".3 .3 .33 1" group="1" contype="0" conaffinity="0"/>`;
}
