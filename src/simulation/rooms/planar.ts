/** @file Points, poses and convex polygons in the plane: what a base on wheels moves among. Metres, radians, right-handed. */

/** A point or a vector. */
export type Point = readonly [x: number, y: number];

/** Where something stands and which way it looks; heading 0 is along x, positive to the left. */
export interface Pose2 {
  readonly x: number;
  readonly y: number;
  readonly heading: number;
}

/** The corners of a convex polygon, counter-clockwise. */
export type Polygon = readonly Point[];

/** A rectangle along the axes with half sizes. */
export function rectangle([x, y]: Point, [halfX, halfY]: Point): Polygon {
  return [
    [x - halfX, y - halfY],
    [x + halfX, y - halfY],
    [x + halfX, y + halfY],
    [x - halfX, y + halfY],
  ];
}

/** The regular polygon of `sides` around a circle. */
export function aroundCircle([x, y]: Point, radius: number, sides = 8): Polygon {
  const outer = radius / Math.cos(Math.PI / sides);
  return Array.from({ length: sides }, (_, i): Point => {
    const angle = ((2 * i + 1) * Math.PI) / sides;
    return [x + outer * Math.cos(angle), y + outer * Math.sin(angle)];
  });
}

/** The polygon with every side moved outwards by `margin`. */
export function grown(polygon: Polygon, margin: number): Polygon {
  return polygon.map((corner, i): Point => {
    const [before, after] = [outward(polygon, i - 1), outward(polygon, i)];
    // Both sides' normals, scaled so that the corner keeps `margin` from either line.
    const scale = margin / (1 + before[0] * after[0] + before[1] * after[1]);
    return [corner[0] + (before[0] + after[0]) * scale, corner[1] + (before[1] + after[1]) * scale];
  });
}

/** How far a point is outside (positive) or inside (negative) the polygon, as the farthest of its sides' lines says. */
export function sideDistance(polygon: Polygon, [x, y]: Point): number {
  return Math.max(
    ...polygon.map(([cx, cy], i) => {
      const [nx, ny] = outward(polygon, i);
      return (x - cx) * nx + (y - cy) * ny;
    }),
  );
}

/** Euclidean distance from a point to the polygon; 0 inside. */
export function distanceTo(polygon: Polygon, point: Point): number {
  if (sideDistance(polygon, point) <= 0) return 0;
  return Math.min(...polygon.map((from, i) => distanceToSegment(from, polygon[(i + 1) % polygon.length]!, point)));
}

/** Whether the open segment passes through the polygon's inside, more than `slack` deep in its sides. */
export function crosses(polygon: Polygon, from: Point, to: Point, slack = 1e-9): boolean {
  let [enter, leave] = [0, 1];
  for (const [i, [cx, cy]] of polygon.entries()) {
    const [nx, ny] = outward(polygon, i);
    const start = (from[0] - cx) * nx + (from[1] - cy) * ny + slack;
    const end = (to[0] - cx) * nx + (to[1] - cy) * ny + slack;
    if (start >= 0 && end >= 0) return false;
    if (start < 0 && end < 0) continue;
    const at = start / (start - end);
    if (start >= 0) enter = Math.max(enter, at);
    else leave = Math.min(leave, at);
  }
  return enter < leave;
}

/** From a point inside straight out across each side, to a little outside of it. */
export function waysOut(polygon: Polygon, [x, y]: Point): Point[] {
  return polygon.map(([cx, cy], i): Point => {
    const [nx, ny] = outward(polygon, i);
    const by = 1e-6 - (x - cx) * nx - (y - cy) * ny;
    return [x + nx * by, y + ny * by];
  });
}

/** Distance between two points. */
export function apartBy(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function distanceToSegment(from: Point, to: Point, [x, y]: Point): number {
  const [ex, ey] = [to[0] - from[0], to[1] - from[1]];
  const along = ((x - from[0]) * ex + (y - from[1]) * ey) / (ex * ex + ey * ey);
  const at = Math.max(0, Math.min(1, along));
  return Math.hypot(x - from[0] - at * ex, y - from[1] - at * ey);
}

/** The outward normal of the side that begins at corner `i`. */
function outward(polygon: Polygon, i: number): Point {
  const count = polygon.length;
  const [from, to] = [polygon[(i + count) % count]!, polygon[(i + 1 + count) % count]!];
  const length = apartBy(from, to);
  return [(to[1] - from[1]) / length, (from[0] - to[0]) / length];
}
