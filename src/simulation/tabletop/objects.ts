/** @file The loose objects of the tabletop: their shapes, what they are called, and how a gripper takes them. */

/** Names of shapes, which are also the nouns of instructions. */
export type ShapeName = 'cube' | 'cylinder' | 'box' | 'ball';

export interface Shape {
  /** MJCF geom attributes. */
  readonly geom: string;
  /** Height of the centre when it stands on the table, metres. */
  readonly halfHeight: number;
  /** Half the width between the pads when gripped, metres. */
  readonly halfGrip: number;
  /** Radius of the circle around it seen from above, metres. */
  readonly footprint: number;
  /** The gripper fits at the object's yaw plus any multiple of this; 0 = at any yaw. Radians. */
  readonly gripPeriod: number;
  /** Kilograms. */
  readonly mass: number;
}

export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  cube: box([0.023, 0.023, 0.023], Math.PI / 2),
  cylinder: {
    geom: 'type="cylinder" size=".023 .025" friction="1 .01 .001" condim="4"',
    halfHeight: 0.025,
    halfGrip: 0.023,
    footprint: 0.023,
    gripPeriod: 0,
    mass: 0.06,
  },
  // Longer than the gripper opens, so it can only be taken across.
  box: box([0.042, 0.02, 0.02], Math.PI),
  ball: {
    // Rolling friction, or a touch would send it off the table.
    geom: 'type="sphere" size=".024" friction="1 .01 .004" condim="6"',
    halfHeight: 0.024,
    halfGrip: 0.024,
    footprint: 0.024,
    gripPeriod: 0,
    mass: 0.05,
  },
};

function box([x, y, z]: readonly [number, number, number], gripPeriod: number): Shape {
  return {
    geom: `type="box" size="${x} ${y} ${z}" friction="1 .01 .001" condim="4"`,
    halfHeight: z,
    halfGrip: y,
    footprint: Math.hypot(x, y),
    gripPeriod,
    mass: 0.06,
  };
}
