/** @file Planar geometry and shortest ways against brute force: dense samples of lines, and Dijkstra on a fine grid. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { apartBy, aroundCircle, crosses, distanceTo, grown, rectangle, sideDistance } from './planar.ts';
import type { Point, Polygon } from './planar.ts';
import { shortestWay } from './shortest-path.ts';

const random = new Random(11);
const point = (): Point => [random.range(-2, 2), random.range(-2, 2)];

function somePolygon(): Polygon {
  return random.uniform() < 0.5
    ? rectangle(point(), [random.range(0.1, 0.6), random.range(0.1, 0.6)])
    : aroundCircle(point(), random.range(0.2, 0.6));
}

/** Even–odd rule, independent of the half-plane form. */
function contains(polygon: Polygon, [x, y]: Point): boolean {
  let inside = false;
  for (const [i, a] of polygon.entries()) {
    const b = polygon[(i + 1) % polygon.length]!;
    if (a[1] > y !== b[1] > y && x < ((b[0] - a[0]) * (y - a[1])) / (b[1] - a[1]) + a[0]) inside = !inside;
  }
  return inside;
}

test('sides, distances and crossings agree with dense sampling', () => {
  for (let draw = 0; draw < 200; draw++) {
    const polygon = somePolygon();
    const [a, b] = [point(), point()];
    assert.equal(sideDistance(polygon, a) < 0, contains(polygon, a));
    const samples = Array.from({ length: 400 }, (_, i): Point => {
      const share = (i + 0.5) / 400;
      return [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
    });
    const deepest = Math.min(...samples.map((sample) => sideDistance(polygon, sample)));
    if (Math.abs(deepest) > 0.01) assert.equal(crosses(polygon, a, b), deepest < 0, `${draw}`);
    const edge = polygon.flatMap((from, i) => {
      const to = polygon[(i + 1) % polygon.length]!;
      return Array.from({ length: 200 }, (_, k) => {
        const share = k / 199;
        return apartBy(a, [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
      });
    });
    const nearest = contains(polygon, a) ? 0 : Math.min(...edge);
    assert.ok(Math.abs(distanceTo(polygon, a) - nearest) < 2e-3);
  }
});

test('a grown polygon keeps its margin', () => {
  for (let draw = 0; draw < 50; draw++) {
    const polygon = somePolygon();
    const larger = grown(polygon, 0.3);
    for (const [i, corner] of larger.entries()) {
      const next = larger[(i + 1) % larger.length]!;
      const middle: Point = [(corner[0] + next[0]) / 2, (corner[1] + next[1]) / 2];
      assert.ok(Math.abs(distanceTo(polygon, middle) - 0.3) < 1e-9);
      assert.ok(distanceTo(polygon, corner) >= 0.3 - 1e-9);
    }
  }
});

test('shortest ways are as short as those on a fine grid, and touch nothing', () => {
  const bounds = rectangle([0, 0], [2.2, 2.2]);
  let bent = 0;
  for (let draw = 0; draw < 40; draw++) {
    const obstacles = Array.from({ length: 5 }, somePolygon);
    const free = (at: Point): boolean => obstacles.every((polygon) => !contains(polygon, at));
    const [start, goal] = [point(), point()];
    if (!free(start) || !free(goal)) continue;
    const way = shortestWay(obstacles, bounds, start, goal);
    const grid = gridLength(free, start, goal);
    assert.equal(way === null, grid === Infinity, `${draw}`);
    if (way === null) continue;
    const { points, length } = way;
    for (let i = 0; i + 1 < points.length; i++) {
      assert.ok(obstacles.every((polygon) => !crosses(polygon, points[i]!, points[i + 1]!, 1e-6)));
    }
    assert.ok(length >= apartBy(start, goal) - 1e-9);
    // A grid of 16 directions is at most 2.8 % longer than the plane, plus its rounding at both ends and at corners.
    assert.ok(length <= grid + 0.12 && grid <= 1.03 * length + 0.25, `${draw}: ${length} and ${grid} on the grid`);
    bent += Number(points.length > 2);
  }
  assert.ok(bent >= 8, `${bent} ways around something`);
});

test('a start inside an obstacle leaves it first, and a walled-in goal has no way', () => {
  const bounds = rectangle([0, 0], [3, 3]);
  const box = rectangle([0, 0], [1, 1]);
  const way = shortestWay([box], bounds, [0.8, 0], [2, 0])!;
  assert.ok(Math.abs(way.length - 1.2) < 1e-3);
  const walls = [
    rectangle([1, 0], [0.1, 1.1]),
    rectangle([-1, 0], [0.1, 1.1]),
    rectangle([0, 1], [1.1, 0.1]),
    rectangle([0, -1], [1.1, 0.1]),
  ];
  assert.equal(shortestWay(walls, bounds, [2, 2], [0, 0]), null);
});

const CELL = 0.05;
const SIZE = 88;
const STEPS = [-2, -1, 0, 1, 2]
  .flatMap((x) => [-2, -1, 0, 1, 2].map((y) => [x, y] as const))
  .filter(([x, y]) => Math.max(Math.abs(x), Math.abs(y)) === 1 || Math.abs(x * y) === 2);

/** Dijkstra over cells of 5 cm with knight's moves. */
function gridLength(free: (at: Point) => boolean, start: Point, goal: Point): number {
  const centre = (cell: number): Point => [(cell % SIZE) * CELL - 2.2, Math.floor(cell / SIZE) * CELL - 2.2];
  const cellOf = ([x, y]: Point): number => Math.round((x + 2.2) / CELL) + SIZE * Math.round((y + 2.2) / CELL);
  const open = Array.from({ length: SIZE * SIZE }, (_, cell) => free(centre(cell)));
  const reached = new Float64Array(SIZE * SIZE).fill(Infinity);
  const buckets: number[][] = [[cellOf(start)]];
  reached[cellOf(start)] = 0;
  for (let bucket = 0; bucket < buckets.length; bucket++) {
    for (const cell of buckets[bucket] ?? []) {
      if (Math.floor(reached[cell]! / CELL) < bucket) continue;
      const [x, y] = [cell % SIZE, Math.floor(cell / SIZE)];
      for (const [dx, dy] of STEPS) {
        const next = cell + dx + SIZE * dy;
        if (x + dx < 0 || x + dx >= SIZE || y + dy < 0 || y + dy >= SIZE || !open[next]) continue;
        const middle: Point = [(centre(cell)[0] + centre(next)[0]) / 2, (centre(cell)[1] + centre(next)[1]) / 2];
        const length = reached[cell]! + CELL * Math.hypot(dx, dy);
        if (length >= reached[next]! || !free(middle)) continue;
        reached[next] = length;
        (buckets[Math.floor(length / CELL)] ??= []).push(next);
      }
    }
  }
  return reached[cellOf(goal)]!;
}

test('from inside of obstacles that overlap, the way leaves all of them by the nearest side that does', () => {
  // Two walls in line, the second a little thicker: straight out of the first lies inside the second.
  const walls = [rectangle([0, 0], [0.35, 1]), rectangle([0, 0.5], [0.351, 1])];
  const bounds = rectangle([0, 0], [3, 3]);
  const way = shortestWay(walls, bounds, [-0.25, 0.1], [2, 0.1]);
  assert.ok(way !== null);
  const [, out] = way.points;
  assert.ok(Math.abs(out![0] + 0.351) < 1e-5 && Math.abs(out![1] - 0.1) < 1e-9, `${out}`);
  for (let draw = 0; draw < 300; draw++) {
    const obstacles = Array.from({ length: 4 }, somePolygon);
    const start = point();
    if (!obstacles.some((polygon) => contains(polygon, start))) continue;
    const escape = shortestWay(obstacles, rectangle([0, 0], [4, 4]), start, [3.5, 3.5]);
    if (escape === null) continue;
    const [, first] = escape.points;
    assert.ok(obstacles.every((polygon) => !contains(polygon, first!)));
  }
});
