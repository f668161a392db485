/**
 * @file The robot of the tabletop: a 7-joint arm with a parallel gripper, made of primitive shapes.
 * Link offsets are those of the Franka Panda's public Denavit–Hartenberg table; masses, inertias and shapes are our own.
 */

/** The arm's joints, base to hand. */
export const ARM_JOINTS = ['joint1', 'joint2', 'joint3', 'joint4', 'joint5', 'joint6', 'joint7'] as const;
export const FINGER_JOINTS = ['finger1', 'finger2'] as const;
/** Geoms that count as the hand when something is touched. */
export const HAND_GEOMS = ['palm', 'pad1', 'pad2'] as const;
/** Between the finger tips; the controlled point. */
export const GRIP_SITE = 'grip';
export const HAND_BODY = 'hand';
/** Metres along the hand's z, from its origin to the controlled point. */
export const GRIP_HEIGHT = 0.105;
/** Joint angles with the hand over the middle of the table, pointing down, yaw 0; radians. */
export const HOME: readonly number[] = [0, -0.16, 0, -2.44, 0, 2.23, 0];
/** Travel of one finger, metres; the gap between the pads is the sum of both fingers' positions. */
export const FINGER_TRAVEL = 0.04;

interface Link {
  readonly position: string;
  readonly orientation: string;
  readonly range: string;
  readonly mass: number;
  readonly shape: string;
}

const LIGHT_GREY = '.88 .88 .9 1';
const DARK = '.22 .22 .25 1';

const LINKS: readonly Link[] = [
  {
    position: '0 0 .333',
    orientation: '1 0 0 0',
    range: '-2.9 2.9',
    mass: 4.9,
    shape: capsule('0 0 -.19 0 0 0', 0.065),
  },
  {
    position: '0 0 0',
    orientation: '1 -1 0 0',
    range: '-1.76 1.76',
    mass: 0.65,
    shape: capsule('0 0 0 0 -.16 0', 0.06),
  },
  {
    position: '0 -.316 0',
    orientation: '1 1 0 0',
    range: '-2.9 2.9',
    mass: 3.2,
    shape: capsule('0 0 -.1 0 0 0', 0.06),
  },
  {
    position: '.0825 0 0',
    orientation: '1 1 0 0',
    range: '-3.07 -.07',
    mass: 3.5,
    shape: capsule('0 0 0 -.06 .1 0', 0.06),
  },
  {
    position: '-.0825 .384 0',
    orientation: '1 -1 0 0',
    range: '-2.9 2.9',
    mass: 1.2,
    shape: capsule('0 0 -.25 0 .03 0', 0.055, DARK),
  },
  { position: '0 0 0', orientation: '1 1 0 0', range: '0 3.75', mass: 1.5, shape: capsule('0 0 0 .06 0 0', 0.05) },
  {
    position: '.088 0 0',
    orientation: '1 1 0 0',
    range: '-2.9 2.9',
    mass: 0.7,
    shape: capsule('0 0 .03 0 0 .08', 0.045),
  },
];

/** The arm's body tree, base at `place` in the world. All names begin with `prefix`. */
export function armBodies(prefix = '', place = ''): string {
  let inner = hand(prefix);
  for (let i = LINKS.length - 1; i >= 0; i--) {
    const { position, orientation, range, mass, shape } = LINKS[i]!;
    inner =
      `<body name="${prefix}link${i + 1}" pos="${position}" quat="${orientation}">` +
      `<inertial pos="0 0 0" mass="${mass}" diaginertia=".02 .02 .02"/>` +
      `<joint name="${prefix}${ARM_JOINTS[i]}" axis="0 0 1" range="${range}" damping="1" armature=".1"/>${shape}${inner}</body>`;
  }
  const at = place === '' ? '' : ` pos="${place}"`;
  return `<body name="${prefix}base"${at}><geom type="cylinder" size=".08 .07" pos="0 0 .07" rgba="${LIGHT_GREY}" group="1" contype="0" conaffinity="0"/>${inner}</body>`;
}

/** Torque motors for the joints, position servos for the fingers. */
export function armActuators(prefix = ''): string {
  const motors = ARM_JOINTS.map(
    (name, i) => `<motor name="${prefix}${name}" joint="${prefix}${name}" ctrlrange="${i > 4 ? '-12 12' : '-87 87'}"/>`,
  );
  return `${motors.join('')}${gripperActuators(prefix)}`;
}

/** The two pads meet when the gripper is empty: that contact says nothing. */
export function armExclusions(prefix = ''): string {
  return `<exclude body1="${prefix}leftfinger" body2="${prefix}rightfinger"/>`;
}

/** The gripper's actuators: position servos for the fingers. */
export function gripperActuators(prefix = ''): string {
  return FINGER_JOINTS.map(
    (name) =>
      `<position name="${prefix}${name}" joint="${prefix}${name}" kp="400" ctrlrange="0 ${FINGER_TRAVEL}" forcerange="-30 30"/>`,
  ).join('');
}

/** A hand with a parallel gripper and a camera; `height` metres from the body that carries it, along its z. */
export function hand(prefix = '', height = '.107'): string {
  return (
    `<body name="${prefix}hand" pos="0 0 ${height}"><inertial pos="0 0 .03" mass=".7" diaginertia=".002 .003 .002"/>` +
    `<geom name="${prefix}palm" type="box" pos="0 0 .035" size=".012 .06 .03" rgba="${LIGHT_GREY}" group="1"/>` +
    `<site name="${prefix}${GRIP_SITE}" pos="0 0 ${GRIP_HEIGHT}"/>` +
    // Looks down past the fingers, ten degrees towards them.
    `<camera name="${prefix}wrist" pos=".07 0 0" quat=".061628 .704416 .704416 .061628" fovy="75"/>` +
    `${finger(prefix, 'leftfinger', 1)}${finger(prefix, 'rightfinger', 2)}</body>`
  );
}

/** A finger slides along its own +y; the second is turned by half a turn. The pad's inner face is at y = 0 when closed. */
function finger(prefix: string, name: string, number: 1 | 2): string {
  const turn = number === 1 ? '' : ' quat="0 0 0 1"';
  return (
    `<body name="${prefix}${name}" pos="0 0 .0584"${turn}><inertial pos="0 0 .03" mass=".05" diaginertia="1e-4 1e-4 1e-4"/>` +
    `<joint name="${prefix}finger${number}" type="slide" axis="0 1 0" range="0 ${FINGER_TRAVEL}" damping="20" armature=".5"/>` +
    `<geom name="${prefix}pad${number}" type="box" pos="0 .006 .03" size=".01 .006 .025" rgba="${DARK}" group="1" ` +
    'friction="1.5 .05 .001" condim="4"/></body>'
  );
}

function capsule(fromTo: string, radius: number, colour = LIGHT_GREY): string {
  return `<geom type="capsule" fromto="${fromTo}" size="${radius}" rgba="${colour}" group="1" contype="0" conaffinity="0"/>`;
}
