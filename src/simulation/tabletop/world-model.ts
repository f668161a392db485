/** @file The MJCF of a tabletop scene: robot, table, cameras, light, loose objects and flat marks. */

import { SHAPES } from './objects.ts';
import type { ShapeName } from './objects.ts';
import type { RobotModel } from './robot-model.ts';

/** Physics step, seconds. */
export const TIMESTEP = 0.005;
/** Every model has so many flat square marks (zones, pads), named mark0, mark1 …; half the side of one, metres. */
export const MARKS = 2;
export const MARK_HALF = 0.05;
/** Where unused things wait, out of sight below the floor. */
export const HIDDEN_HEIGHT = -2;

/** Things that no task is about, for the perturbation "distractors": seen, not felt. */
export const CLUTTER: readonly { readonly geom: string; readonly halfHeight: number }[] = [
  { geom: 'name="clutter0" type="cylinder" size=".03 .04" rgba=".35 .32 .3 1"', halfHeight: 0.04 },
  { geom: 'name="clutter1" type="ellipsoid" size=".035 .025 .02" rgba=".9 .55 .45 1"', halfHeight: 0.02 },
  { geom: 'name="clutter2" type="box" size=".02 .045 .012" rgba=".3 .5 .5 1"', halfHeight: 0.012 },
];

/**
 * A scene with a robot and these things, named object0, object1 …; colours and poses are set per episode.
 * World frame = base frame: x forward from the robot, y to its left, z up, table top at z = 0; metres.
 */
export function worldXml(shapes: readonly ShapeName[], robot: RobotModel): string {
  const objects = shapes.map((shape, i) => SHAPES[shape].body(`object${i}`));
  const marks = Array.from(
    { length: MARKS },
    (_, i) =>
      `<body name="mark${i}" mocap="true" pos="0 0 ${HIDDEN_HEIGHT}">` +
      `<geom name="mark${i}" type="box" size="${MARK_HALF} ${MARK_HALF} .001" group="1" contype="0" conaffinity="0"/></body>`,
  );
  const clutter = CLUTTER.map(
    ({ geom }, i) =>
      `<body name="clutter${i}" mocap="true" pos="0 0 ${HIDDEN_HEIGHT}"><geom ${geom} group="1" contype="0" conaffinity="0"/></body>`,
  );
  return (
    '<mujoco model="tabletop"><compiler angle="radian"/>' +
    `<option timestep="${TIMESTEP}" integrator="implicitfast" cone="elliptic" impratio="10"/><size memory="1M"/>` +
    '<visual><headlight ambient=".35 .35 .35" diffuse=".5 .5 .5" specular="0 0 0"/></visual><worldbody>' +
    '<light name="lamp" pos="1.1 1 2.1" dir="-.3 -.4 -1" diffuse=".45 .45 .45" specular="0 0 0" cutoff="80" exponent="1"/>' +
    '<geom name="floor" type="plane" pos="0 0 -.4" size="2 2 .5" rgba=".5 .52 .56 1" group="1" contype="0" conaffinity="0"/>' +
    '<geom name="table" type="box" pos=".55 0 -.2" size=".4 .5 .2" rgba=".62 .5 .38 1" group="1"/>' +
    `${robot.bodies}${objects.join('')}${marks.join('')}${clutter.join('')}</worldbody>` +
    `<contact>${robot.exclusions}</contact><actuator>${robot.actuators}</actuator></mujoco>`
  );
}
