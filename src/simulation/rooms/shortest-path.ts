/** @file The shortest way around convex obstacles, by the visibility graph of their corners and Dijkstra's algorithm. */

import { apartBy, crosses, sideDistance, waysOut, type Point, type Polygon } from './planar.ts';

/** A way as its corners, start and end included, and its length in metres. */
export interface Way {
  readonly points: readonly Point[];
  readonly length: number;
}

/**
 * The shortest way from `start` to `goal` that stays out of the obstacles' insides and within the bounds (a convex polygon); null when
 * there is none. Where the start lies inside obstacles the way first leaves them by the nearest side that is outside of all.
 */
export function shortestWay(obstacles: readonly Polygon[], bounds: Polygon, start: Point, goal: Point): Way | null {
  const isFree = (point: Point): boolean => obstacles.every((polygon) => sideDistance(polygon, point) >= 0);
  if (!isFree(start)) {
    const [out] = obstacles
      .filter((polygon) => sideDistance(polygon, start) < 0)
      .flatMap((polygon) => waysOut(polygon, start))
      .filter(isFree)
      .sort((a, b) => apartBy(a, start) - apartBy(b, start));
    const rest = out === undefined ? null : shortestWay(obstacles, bounds, out, goal);
    return rest === null ? null : { points: [start, ...rest.points], length: apartBy(start, out!) + rest.length };
  }
  const corners = obstacles
    .flat()
    .filter(
      (corner) =>
        sideDistance(bounds, corner) < 0 && obstacles.every((polygon) => sideDistance(polygon, corner) > -1e-9),
    );
  const nodes = [start, ...corners, goal];
  const last = nodes.length - 1;
  const reached = nodes.map(() => Infinity);
  const before = nodes.map(() => -1);
  const done = nodes.map(() => false);
  reached[0] = 0;
  for (;;) {
    let node = -1;
    for (let i = 0; i <= last; i++) if (!done[i] && (node < 0 || reached[i]! < reached[node]!)) node = i;
    if (node < 0 || reached[node] === Infinity) return null;
    if (node === last) break;
    done[node] = true;
    for (let next = 1; next <= last; next++) {
      const length = reached[node]! + apartBy(nodes[node]!, nodes[next]!);
      if (done[next] || length >= reached[next]!) continue;
      if (obstacles.some((polygon) => crosses(polygon, nodes[node]!, nodes[next]!))) continue;
      reached[next] = length;
      before[next] = node;
    }
  }
  const points: Point[] = [];
  for (let node = last; node >= 0; node = before[node]!) points.unshift(nodes[node]!);
  return { points, length: reached[last]! };
}
