/**
 * @file The scenes that tasks share: with the same seed, all tasks of a kind of scene start from the same one (stack and turn draw on
 * until it has the things they need), so that only the instruction says what is to be done with which thing.
 */

import type { Random } from '../../base/random.ts';
import { COLOUR_NAMES, COLOURS } from './colours.ts';
import { apart, distance, drawPoint, drawPoints, drawUntil, dress, pickShapes, SEPARATION } from './draw.ts';
import type { Layout, PlacedObject, Point } from './layout.ts';
import type { ShapeName } from './objects.ts';

/** Kinds of scenes; a kind's place in this list is part of its random streams. */
export const SCENE_KINDS = ['blocks', 'pads', 'drawers', 'buttons', 'pairs', 'bars', 'sticks'] as const;
export type SceneKind = (typeof SCENE_KINDS)[number];

/** Things and marks, before it is decided which of them a task is about. */
export type Scene = Pick<Layout, 'objects' | 'marks'>;

const DARK = [0.1, 0.1, 0.12] as const;
/** How far a thing is pushed to the zone, and the free width on each side of its way; metres. */
const WAY = [0.1, 0.22] as const;
const CORRIDOR = 0.085;

/** Shapes that the gripper takes from any side. */
const GRIPPABLE: readonly ShapeName[] = ['cube', 'cylinder'];

/** Three things, at least two of them grippable, and a dark zone into which at least two can be pushed: for touch, push, lift and stack. */
export function blocksScene(random: Random): Scene {
  const shapes = random.shuffle([
    ...pickShapes(random, 2, GRIPPABLE),
    ...pickShapes(random, 1, [...GRIPPABLE, 'box', 'ball']),
  ]);
  const [points, zone] = drawUntil<[Point[], Point]>(
    () => [shapes.map(() => drawPoint(random)), drawPoint(random, 0.04)],
    ([places, goal]) =>
      apart(places, SEPARATION) &&
      shapes.filter((shape, i) => shape !== 'ball' && isWayFree(places, i, goal)).length >= 2,
  );
  return { objects: sorted(dress(random, shapes, points)), marks: [{ rgb: DARK, x: zone[0], y: zone[1] }] };
}

/** Indices of the things that the gripper takes from any side. */
export function grippable({ objects }: Scene): number[] {
  return [...objects.keys()].filter((i) => GRIPPABLE.includes(objects[i]!.shape));
}

/** Indices of the things that can be pushed straight into the zone of a blocks scene. */
export function pushable({ objects, marks }: Scene): number[] {
  const places = objects.map(({ x, y }): Point => [x, y]);
  const zone: Point = [marks[0]!.x, marks[0]!.y];
  return [...objects.keys()].filter((i) => objects[i]!.shape !== 'ball' && isWayFree(places, i, zone));
}

/** Two things and two coloured pads: for place and turn. Colours of pads are not those of things. */
export function padsScene(random: Random): Scene & { readonly padColours: readonly string[] } {
  const points = drawPoints(random, 4);
  const objects = dress(random, pickShapes(random, 2, ['cube', 'cylinder', 'box']), points.slice(0, 2));
  const used = new Set(objects.map(({ colour }) => colour));
  const padColours = random.shuffle(COLOUR_NAMES.filter((name) => !used.has(name))).slice(0, 2);
  const marks = points.slice(2).map(([x, y], i) => ({ rgb: COLOURS[padColours[i]!], x, y }));
  return { objects, marks, padColours };
}

/** Two cabinets side by side in front of the robot, each a little turned, drawers towards the camera and half out: for open and close. */
export function drawersScene(random: Random): Scene {
  const colours = random.shuffle(COLOUR_NAMES);
  const middle = random.range(-0.05, 0.05);
  const x = random.range(0.53, 0.56);
  const objects = [-1, 1].map((side, i): PlacedObject => ({
    shape: 'drawer',
    colour: colours[i]!,
    x: x + random.range(-0.01, 0.01),
    y: middle + side * random.range(0.08, 0.1),
    // Turned towards the middle rather than away from it, so that open drawers do not meet.
    yaw: side * random.range(-0.05, 0.2),
    opening: random.range(0.03, 0.065),
  }));
  return { objects, marks: [] };
}

/** Three buttons: for press. */
export function buttonsScene(random: Random): Scene {
  return { objects: dress(random, ['button', 'button', 'button'], drawPoints(random, 3)), marks: [] };
}

/** Things in the order of their shapes' names: scenes with the same things share one compiled world. */
function sorted(objects: readonly PlacedObject[]): PlacedObject[] {
  return objects.toSorted((a, b) => a.shape.localeCompare(b.shape));
}

/** Whether thing `i` has a straight way to the zone that keeps clear of the others, with room for the hand behind it. */
function isWayFree(points: readonly Point[], i: number, zone: Point): boolean {
  const from = points[i]!;
  const length = distance(from, zone);
  if (length < WAY[0] || length > WAY[1]) return false;
  const [ex, ey] = [(zone[0] - from[0]) / length, (zone[1] - from[1]) / length];
  return points.every(([x, y], other) => {
    if (other === i) return true;
    const [qx, qy] = [x - from[0], y - from[1]];
    const along = Math.max(-0.09, Math.min(length + 0.03, qx * ex + qy * ey));
    return Math.hypot(qx - along * ex, qy - along * ey) > CORRIDOR;
  });
}
