/** @file RRT-Connect in the plane, where one can see whether a way is free. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { connectTrees, shorten, type EdgeFree } from './rrt-connect.ts';
import type { Joint } from './robot.ts';

const joint: Joint = { position: [0, 0, 0], roll: 0, offset: 0, low: -2, high: 2, velocity: 1, acceleration: 1 };

/** A wall along x = 0 with a gap at 1 < y < 1.6. */
function isFree(x: number, y: number): boolean {
  return Math.abs(x) > 0.1 || (y > 1 && y < 1.6);
}

const edgeFree: EdgeFree = (a, b) => {
  for (let s = 0; s <= 200; s++) {
    if (!isFree(a[0]! + ((b[0]! - a[0]!) * s) / 200, a[1]! + ((b[1]! - a[1]!) * s) / 200)) return false;
  }
  return true;
};

function length(way: readonly Float64Array[]): number {
  return way.slice(1).reduce((sum, b, i) => sum + Math.hypot(b[0]! - way[i]![0]!, b[1]! - way[i]![1]!), 0);
}

test('a way through the gap, free all along, from end to end; shortcuts shorten it', () => {
  const [from, to] = [Float64Array.of(-1, 0), Float64Array.of(1, 0)];
  for (let seed = 0; seed < 20; seed++) {
    const random = new Random(seed);
    const found = connectTrees(from, to, [joint, joint], edgeFree, random);
    assert.ok(found !== null, `seed ${seed}`);
    const short = shorten(found, edgeFree, random);
    for (const way of [found, short]) {
      assert.deepEqual([way[0], way.at(-1)], [from, to]);
      for (const [i, corner] of way.slice(1).entries()) assert.ok(edgeFree(way[i]!, corner));
    }
    assert.ok(length(short) <= length(found) + 1e-9);
    assert.ok(length(short) < 4.2, 'the shortest way is 2.8 long');
  }
});

test('a wall without a gap: no way', () => {
  const closed: EdgeFree = (a, b) => a[0]! * b[0]! > 0;
  assert.equal(
    connectTrees(Float64Array.of(-1, 0), Float64Array.of(1, 0), [joint, joint], closed, new Random(1)),
    null,
  );
});
