/** @file How tasks draw scenes: which objects, in which colours, how far apart. */

import type { Random } from '../../base/random.ts';
import { COLOUR_NAMES } from './colours.ts';
import type { Layout, PlacedObject, Point } from './layout.ts';
import type { ShapeName } from './objects.ts';

/** Where objects may lie, metres. */
export const WORKSPACE = { x: [0.47, 0.67], y: [-0.16, 0.16] } as const;
/** Least distance between the centres of two objects, metres. */
export const SEPARATION = 0.115;
const MOST_DRAWS = 10_000;

/** Distance on the table, metres. */
export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** A uniform point of the workspace, `margin` metres inside its border. */
export function drawPoint(random: Random, margin = 0): Point {
  const { x, y } = WORKSPACE;
  return [random.range(x[0] + margin, x[1] - margin), random.range(y[0] + margin, y[1] - margin)];
}

/** `count` points of the workspace that keep their distance. */
export function drawPoints(random: Random, count: number, least = SEPARATION): Point[] {
  return drawUntil(
    () => Array.from({ length: count }, () => drawPoint(random)),
    (points) => apart(points, least),
  );
}

/** Draws until `fits`; a rule that never fits is a bug of the task. */
export function drawUntil<T>(draw: () => T, fits: (value: T) => boolean): T {
  for (let i = 0; i < MOST_DRAWS; i++) {
    const value = draw();
    if (fits(value)) return value;
  }
  throw new Error('drawUntil: no draw fits the rule of this layout. This is a bug in vlakit.');
}

/** Whether all points keep the distance to each other. */
export function apart(points: readonly Point[], least: number): boolean {
  return points.every((a, i) => points.slice(i + 1).every((b) => distance(a, b) >= least));
}

/** Objects of distinct colours at the given places, each with any yaw. */
export function dress(random: Random, shapes: readonly ShapeName[], points: readonly Point[]): PlacedObject[] {
  const colours = random.shuffle(COLOUR_NAMES);
  return points.map(([x, y], i) => ({
    shape: shapes[i]!,
    colour: colours[i]!,
    x,
    y,
    yaw: random.range(-Math.PI, Math.PI),
  }));
}

/** A random target among `candidates` (indices of objects); the others of them are alternatives. */
export function chooseTarget(random: Random, candidates: readonly number[]): Pick<Layout, 'target' | 'alternatives'> {
  const target = random.pick(candidates);
  return { target, alternatives: candidates.filter((i) => i !== target) };
}

/** `count` draws from a list, in the list's order: scenes with the same things share one compiled world. */
export function pickShapes(random: Random, count: number, from: readonly ShapeName[]): ShapeName[] {
  const drawn = Array.from({ length: count }, () => random.pick(from));
  return from.flatMap((shape) => drawn.filter((name) => name === shape));
}
