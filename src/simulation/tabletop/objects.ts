/** @file The things on the table: loose objects and fixtures with a joint; their shapes, and how a gripper takes them. */

import type { Rgb } from './colours.ts';

/** Names of things, which are also the nouns of instructions. */
export type ShapeName = 'cube' | 'cylinder' | 'box' | 'ball' | 'drawer' | 'button' | 'bar' | 'stick';

/** What a kind of thing looks like and how it can be gripped. */
export interface Shape {
  /**
   * MJCF of one such thing. The body called `name` is what moves and what `World.position` reads, the geom called `name` is what gets
   * the thing's colour. A loose thing's free joint, or a fixture's slide joint, is called `name` too; a fixture stands in `${name}-base`.
   */
  readonly body: (name: string) => string;
  readonly kind: 'loose' | 'fixture';
  /** Height of the moving body's origin above the table at rest, metres. */
  readonly halfHeight: number;
  /** From the origin to the top, metres. */
  readonly top: number;
  /** Half the width between the pads when gripped, metres. */
  readonly halfGrip: number;
  /** Half sizes seen from above, along its own x and y; metres. */
  readonly footprint: readonly [x: number, y: number];
  /** The gripper fits at the thing's yaw plus any multiple of this; 0 = at any yaw. Radians. */
  readonly gripPeriod: number;
  /** How far off that yaw the open fingers still go around the thing, and turn it into place as they close; radians. */
  readonly gripTolerance: number;
}

/** Travel of a drawer, metres. */
export const DRAWER_TRAVEL = 0.1;
/** Travel of a button, metres. */
export const BUTTON_TRAVEL = 0.012;
const GREY: Rgb = [0.45, 0.45, 0.48];

/** Things for two hands: one at each end. */
const LONG_SHAPES = {
  bar: block([0.22, 0.014, 0.014], Math.PI, 0.2),
  stick: block([0.085, 0.014, 0.014], Math.PI, 0.2),
};

/** Things for one hand. */
export const ONE_HAND_SHAPES: Readonly<Record<Exclude<ShapeName, keyof typeof LONG_SHAPES>, Shape>> = {
  cube: block([0.023, 0.023, 0.023], Math.PI / 2, Math.PI),
  // Longer than the gripper opens, so it can only be taken across.
  box: block([0.042, 0.02, 0.02], Math.PI, 0.3),
  cylinder: round('type="cylinder" size=".023 .025" friction="1 .01 .001" condim="4"', 0.023, 0.025),
  // Rolling friction, or a touch would send it off the table.
  ball: round('type="sphere" size=".024" friction="1 .01 .004" condim="6"', 0.024, 0.024),
  drawer: {
    kind: 'fixture',
    halfHeight: 0.045,
    top: 0.018,
    halfGrip: 0.012,
    footprint: [0.1, 0.06],
    gripPeriod: Math.PI,
    gripTolerance: 0.12,
    // The origin is the knob; the drawer runs along +x out of a closed cabinet, whose inside is not modelled.
    body: (name) =>
      `<body name="${name}-base">${fixed('box', '.048 .06 .035', '-.093 0 .035')}` +
      `<body name="${name}" pos="0 0 .045"><inertial pos="-.05 0 0" mass=".3" diaginertia=".001 .001 .001"/>` +
      `<joint name="${name}" type="slide" axis="1 0 0" range="0 ${DRAWER_TRAVEL}" damping="8" frictionloss=".3"/>` +
      `<geom name="${name}" type="box" size=".012 .012 .018" group="1" friction="1.5 .05 .001" condim="4"/>` +
      `<geom name="${name}-front" type="box" size=".004 .058 .03" pos="-.038 0 -.012" group="1"/>` +
      `${ghost('box', '.014 .004 .004', '-.023 0 0')}${ghost('box', '.046 .054 .003', '-.088 0 -.036')}` +
      `${ghost('box', '.046 .002 .02', '-.088 .054 -.02')}${ghost('box', '.046 .002 .02', '-.088 -.054 -.02')}</body></body>`,
  },
  button: {
    kind: 'fixture',
    halfHeight: 0.024,
    top: 0.012,
    halfGrip: 0.022,
    footprint: [0.034, 0.034],
    gripPeriod: 0,
    gripTolerance: Math.PI,
    body: (name) =>
      `<body name="${name}-base">${ghost('cylinder', '.034 .006', '0 0 .006')}` +
      `<body name="${name}" pos="0 0 .024"><inertial pos="0 0 0" mass=".02" diaginertia="1e-5 1e-5 1e-5"/>` +
      `<joint name="${name}" type="slide" axis="0 0 1" range="-${BUTTON_TRAVEL} 0" stiffness="150" damping="3" armature=".02"/>` +
      `<geom name="${name}" type="cylinder" size=".022 .012" group="1"/></body></body>`,
  },
};

/** Every kind of thing that can lie or stand on the table. */
export const SHAPES: Readonly<Record<ShapeName, Shape>> = { ...ONE_HAND_SHAPES, ...LONG_SHAPES };

/** Geoms that are painted with the thing's colour. */
export function paintedGeoms(shape: ShapeName, name: string): string[] {
  return shape === 'drawer' ? [name, `${name}-front`] : [name];
}

function block(half: readonly [number, number, number], gripPeriod: number, gripTolerance: number): Shape {
  const [x, y, z] = half;
  return {
    ...loose(`type="box" size="${half.join(' ')}" friction="1 .01 .001" condim="4"`),
    halfHeight: z,
    top: z,
    halfGrip: y,
    footprint: [x, y],
    gripPeriod,
    gripTolerance,
  };
}

function round(geom: string, radius: number, halfHeight: number): Shape {
  return {
    ...loose(geom),
    halfHeight,
    top: halfHeight,
    halfGrip: radius,
    footprint: [radius, radius],
    gripPeriod: 0,
    gripTolerance: Math.PI,
  };
}

function loose(geom: string): Pick<Shape, 'kind' | 'body'> {
  return {
    kind: 'loose',
    body: (name) =>
      `<body name="${name}"><freejoint name="${name}"/><geom name="${name}" ${geom} mass=".06" group="1"/></body>`,
  };
}

function fixed(type: string, size: string, position: string): string {
  return `<geom type="${type}" size="${size}" pos="${position}" rgba="${GREY.join(' ')} 1" group="1"/>`;
}

/** A geom that is seen and not felt. */
function ghost(type: string, size: string, position: string): string {
  return `<geom type="${type}" size="${size}" pos="${position}" rgba="${GREY.join(' ')} 1" group="1" contype="0" conaffinity="0"/>`;
}
