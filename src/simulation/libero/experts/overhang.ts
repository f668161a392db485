/** @file What hangs over the hand and what it holds, and the shortest way out from under it. */

import type { Vector3 } from '../../../base/rotation.ts';
import { add, axisOf, bounds, corners, dot, levelAxes, middle, placed, rotated } from './geometry.ts';
import type { Part, Scene } from './scene.ts';

/** Things that begin this far above a point are out of its way; those that begin this far below its height still hang over it, metres. */
const HIGH = 0.2;
const BELOW = 0.015;
/** Beyond the edge, metres. */
const MARGIN = 0.008;
/** The way out aims this much further, so that it does not slow down before the edge, metres. */
const FURTHER = 0.02;

/** Points on the palm's upper side in the grip site's frame, metres. */
const PALM: readonly Vector3[] = [-0.102, -0.05, 0, 0.05, 0.102].flatMap((x) =>
  [-0.033, 0.033].map((y): Vector3 => [x, y, -0.1]),
);

/** The horizontal way that brings the hand and the object in it out from under other objects; null when nothing hangs over them. */
export function wayOut(scene: Scene, object: string): Vector3 | null {
  const held = scene.object(object);
  const { low, high } = bounds(held);
  const palm = PALM.map((point) => add(scene.hand.position, rotated(scene.hand.orientation, point)));
  const edge = outline(middle(held), Math.min(high[0] - low[0], high[1] - low[1]) / 2, high[2]);
  let way: Vector3 | null = null;
  for (const name of Object.keys(scene.task.objects)) {
    if (name === object) continue;
    const shapes = scene.shapes(name);
    for (const part of scene.parts(name)) {
      const own = shapes.filter(({ body }) => body === part.body);
      for (const points of [palm, edge]) {
        const exit = exitFrom(part, own, points);
        if (exit !== null && (way === null || Math.hypot(...exit) > Math.hypot(...way))) way = exit;
      }
    }
  }
  return way;
}

/** The shortest way along the level axes of a part after which none of its shapes hangs over one of the points. */
function exitFrom(part: Part, shapes: readonly Part[], points: readonly Vector3[]): Vector3 | null {
  const top = Math.max(...points.map((point) => point[2]));
  const hanging = shapes.filter((shape) => {
    const { low } = bounds(shape);
    return low[2] > top - BELOW && low[2] < top + HIGH;
  });
  if (!hanging.some((shape) => points.some((point) => isOver(shape, point)))) return null;
  const edges = hanging.flatMap((shape) => corners(shape).map((corner) => placed(shape, corner)));
  let best: Vector3 | null = null;
  for (const axis of levelAxes(part)) {
    const direction = axisOf(part.orientation, axis);
    const along = edges.map((edge) => dot(edge, direction));
    const [low, high] = [Math.min(...along) - MARGIN, Math.max(...along) + MARGIN];
    const at = points.map((point) => dot(point, direction));
    if (at.every((value) => value < low || value > high)) return null;
    for (const way of [low - FURTHER - Math.max(...at), high + FURTHER - Math.min(...at)]) {
      if (best === null || Math.abs(way) < Math.hypot(...best)) best = [way * direction[0], way * direction[1], 0];
    }
  }
  return best;
}

function isOver(shape: Part, [x, y]: Vector3): boolean {
  const { low, high } = bounds(shape);
  return x > low[0] - MARGIN && x < high[0] + MARGIN && y > low[1] - MARGIN && y < high[1] + MARGIN;
}

function outline([x, y]: Vector3, radius: number, z: number): Vector3[] {
  return Array.from({ length: 12 }, (_, i) => {
    const angle = (Math.PI * i) / 6;
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle), z];
  });
}
