/** @file Whether the open hand has room at a grip: its points against the boxes of what stands around. */

import { quaternionToMatrix } from '../../../base/rotation.ts';
import type { Matrix3, Quaternion, Vector3 } from '../../../base/rotation.ts';
import { add, bounds, middle, rotated, subtract } from './geometry.ts';
import type { Bounds } from './geometry.ts';
import type { Part, Scene } from './scene.ts';

/** Things further from a grip than this cannot touch the hand, metres. */
const NEARBY = 0.3;

/** Points on the open hand in the grip site's frame (x along the fingers' motion, z out of the hand), metres. */
const HAND: readonly Vector3[] = [
  // Fingers and what they sweep: close enough together that no thin wall fits between.
  ...grid(steps(-0.058, 0.058, 20), [-0.011, 0, 0.011], [0.008, -0.003, -0.015]),
  // Palm.
  ...grid(steps(-0.102, 0.102, 7), [-0.033, 0, 0.033], [-0.04, -0.06, -0.08, -0.1, -0.12]),
  // Wrist.
  ...grid([-0.045, 0.045], [-0.045, 0.045], [-0.14, -0.16]),
];

/** What may be in the way of a grip. */
export interface Room {
  /** How many of the open hand's points would be in it; 0: free. */
  collisions(position: Vector3, orientation: Quaternion): number;
}

/** Everything around a point but some objects, at this moment. */
export function roomAround(scene: Scene, centre: Vector3, but: readonly string[]): Room {
  const boxes: readonly Obstacle[] = Object.keys(scene.task.objects)
    .filter((name) => !but.includes(name))
    .flatMap((name) => scene.shapes(name))
    .filter((shape) => Math.hypot(...subtract(middle(shape), centre)) < NEARBY + radius(shape))
    .map((shape) => ({ shape, matrix: quaternionToMatrix(shape.orientation), ...bounds(shape) }));
  return {
    collisions(position, orientation) {
      let count = 0;
      for (const point of HAND) {
        const at = add(position, rotated(orientation, point));
        if (boxes.some((box) => isIn(box, at))) count++;
      }
      return count;
    },
  };
}

/** A box in the world, with the smallest box along the world's axes around it. */
interface Obstacle extends Bounds {
  readonly shape: Part;
  readonly matrix: Matrix3;
}

function isIn({ shape, matrix: m, low, high }: Obstacle, at: Vector3): boolean {
  if (at[2] > high[2] || at[2] < low[2] || at[0] < low[0] || at[0] > high[0] || at[1] < low[1] || at[1] > high[1]) {
    return false;
  }
  const d = subtract(at, shape.position);
  return [0, 1, 2].every((k) => {
    const local = m[k]! * d[0] + m[3 + k]! * d[1] + m[6 + k]! * d[2];
    return local > shape.low[k]! && local < shape.high[k]!;
  });
}

function radius({ low, high }: Part): number {
  return Math.hypot(high[0] - low[0], high[1] - low[1], high[2] - low[2]) / 2;
}

function grid(xs: readonly number[], ys: readonly number[], zs: readonly number[]): Vector3[] {
  return xs.flatMap((x) => ys.flatMap((y) => zs.map((z): Vector3 => [x, y, z])));
}

/** Evenly spaced numbers from `low` to `high`. */
function steps(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}
