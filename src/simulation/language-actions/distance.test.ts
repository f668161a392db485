/** @file Distances against points sampled on the shapes. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { eulerToQuaternion, quaternionToMatrix, type Vector3 } from '../../base/rotation.ts';
import { boxesTouch, segmentBoxSquared, segmentsSquared } from './distance.ts';

const POINTS = 400;

function vector(random: Random, size: number): Vector3 {
  return [random.range(-size, size), random.range(-size, size), random.range(-size, size)];
}

function mix(a: Vector3, b: Vector3, share: number): Vector3 {
  return [0, 1, 2].map((i) => a[i]! + (b[i]! - a[i]!) * share) as unknown as Vector3;
}

function pointToBox(point: Vector3, half: Vector3): number {
  return Math.hypot(...point.map((value, i) => Math.max(0, Math.abs(value) - half[i]!)));
}

test('a segment and a box: the least over many points of the segment', () => {
  const random = new Random(1);
  let inside = 0;
  for (let i = 0; i < 1000; i++) {
    const half: Vector3 = [random.range(0.01, 0.5), random.range(0.01, 0.5), random.range(0.01, 0.5)];
    const a = vector(random, 1.2);
    // Short ones, some along an axis, some just a point.
    const along = i % 4;
    const other = i % 10 === 0 ? mix(a, vector(random, 1), 0.01) : vector(random, 1.2);
    const b = i % 3 === 0 ? (a.map((value, k) => (k === along ? other[k]! : value)) as unknown as Vector3) : other;
    const found = Math.sqrt(segmentBoxSquared(...a, ...b, ...half));
    let least = Infinity;
    for (let k = 0; k <= POINTS; k++) least = Math.min(least, pointToBox(mix(a, b, k / POINTS), half));
    assert.ok(found <= least + 1e-9, `${found} is more than ${least}`);
    assert.ok(found > least - Math.hypot(...a.map((value, k) => value - b[k]!)) / POINTS - 1e-9);
    if (found === 0) inside++;
  }
  assert.ok(inside > 50);
});

test('two segments: the least over pairs of points; parallel ones and points too', () => {
  const random = new Random(2);
  for (let i = 0; i < 150; i++) {
    const [a, b, c] = [vector(random, 1), vector(random, 1), vector(random, 1)];
    const parallel = c.map((value, k) => value + (b[k]! - a[k]!) * 0.7) as unknown as Vector3;
    const d = i % 5 === 0 ? parallel : i % 5 === 1 ? c : vector(random, 1);
    const found = Math.sqrt(segmentsSquared(Float64Array.of(...a, ...b), 0, Float64Array.of(...c, ...d), 0));
    let least = Infinity;
    for (let k = 0; k <= 100; k++) {
      for (let l = 0; l <= 100; l++) {
        const [p, q] = [mix(a, b, k / 100), mix(c, d, l / 100)];
        least = Math.min(least, Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
      }
    }
    assert.ok(found <= least + 1e-9 && found > least - 0.04, `${found}, expected ${least}`);
  }
});

test('two boxes touch when a point of one lies in the other, and not when a plane parts them by far', () => {
  const random = new Random(3);
  const counts = { touching: 0, apart: 0 };
  for (let i = 0; i < 400; i++) {
    const [a, b]: [Vector3, Vector3] = [
      [random.range(0.1, 0.5), random.range(0.1, 0.5), random.range(0.1, 0.5)],
      [random.range(0.1, 0.5), random.range(0.1, 0.5), random.range(0.1, 0.5)],
    ];
    const r = quaternionToMatrix(eulerToQuaternion(vector(random, 3)));
    const t = vector(random, 1);
    const touch = boxesTouch(a, b, t, r);
    // The least distance over a grid through box b.
    let least = Infinity;
    const steps = 12;
    for (let k = 0; k < (steps + 1) ** 3; k++) {
      const own = [k % 13, Math.floor(k / 13) % 13, Math.floor(k / 169)].map(
        (n, axis) => b[axis]! * ((2 * n) / steps - 1),
      );
      const at = [0, 1, 2].map(
        (row) => t[row]! + r[3 * row]! * own[0]! + r[3 * row + 1]! * own[1]! + r[3 * row + 2]! * own[2]!,
      );
      least = Math.min(least, pointToBox(at as unknown as Vector3, a));
    }
    if (least === 0) assert.ok(touch);
    if (least > 0.08) assert.ok(!touch, `${least} apart`);
    counts[touch ? 'touching' : 'apart']++;
  }
  assert.ok(counts.touching > 50 && counts.apart > 50);
});
