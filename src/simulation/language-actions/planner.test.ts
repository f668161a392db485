/** @file Ways around things: over a wall, around pillars that cannot be passed over, and none where there is none. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import type { Box, CollisionRules } from './collision.ts';
import { ArmPlanner, type HandPose } from './planner.ts';
import { ROBOTS } from './robots.ts';

const RULES: CollisionRules = { margin: 0.01, lowest: 0.01, armMayTouch: [], held: null, heldMayTouch: [] };
const FROM: HandPose = { position: [0.5, 0.25, 0.12], yaw: 0 };
const TO: HandPose = { position: [0.5, -0.25, 0.12], yaw: 0 };

function box(position: readonly [number, number], half: Box['half']): Box {
  return { position: [...position, half[2]], yaw: 0, half };
}

/** The hand's positions along a move among these boxes, or null; every posture of it is free. */
function way(robot: string, boxes: readonly Box[], seed: number): number[][] | null {
  const planner = new ArmPlanner(ROBOTS[robot]!);
  const { kinematics, checker } = planner;
  checker.setBoxes(boxes);
  const start = planner.reach(Float64Array.from(planner.robot.home), FROM, FROM)!;
  const paths = planner.move(start, FROM, TO, RULES, new Random(seed));
  if (paths === null) return null;
  const q = start.slice();
  const hand: number[][] = [];
  let before = start;
  for (const path of paths) {
    path.evaluate(0, q);
    q.forEach((value, i) => assert.ok(Math.abs(value - before[i]!) < 1e-9, 'paths follow each other'));
    for (let s = 0; s <= 1000; s++) {
      path.evaluate(s / 1000, q);
      assert.ok(checker.free(q, 0, { ...RULES, margin: 0 }), 'between the planner’s own checks, too');
      hand.push(Array.from(kinematics.positions.subarray(3 * kinematics.tool, 3 * kinematics.tool + 3)));
    }
    before = q.slice();
  }
  const last = hand.at(-1)!;
  assert.ok(Math.hypot(...last.map((value, i) => value - TO.position[i]!)) < 1e-4);
  return hand;
}

test('nothing in the way: one path, without a detour', () => {
  for (const robot of Object.keys(ROBOTS)) {
    const hand = way(robot, [], 1)!;
    assert.equal(hand.length, 1001);
    assert.ok(hand.every(([x, , z]) => x! > 0.4 && x! < 0.65 && z! > 0.05 && z! < 0.3));
  }
});

test('a wall: over it', () => {
  for (const robot of Object.keys(ROBOTS)) {
    const hand = way(robot, [box([0.5, 0], [0.3, 0.03, 0.08])], 1);
    assert.ok(hand !== null, robot);
    assert.ok(Math.max(...hand.map(([, , z]) => z!)) > 0.16, robot);
  }
});

const PILLAR = box([0.5, 0], [0.04, 0.04, 0.6]);

test('a high pillar: around it', () => {
  for (const robot of Object.keys(ROBOTS)) {
    const hand = way(robot, [PILLAR], 1);
    assert.ok(hand !== null, robot);
  }
});

test('a pillar that blocks every ready detour: a searched way, the same one for the same seed', () => {
  const pillar = [box([0.42, 0], [0.04, 0.04, 0.3])];
  const found = ['xarm7', 'tm12'].flatMap((robot) => [1, 2, 3].map((seed) => way(robot, pillar, seed)));
  const count = found.filter((one) => one !== null).length;
  assert.ok(count >= 4, `${count} of 6`);
  assert.deepEqual(way('tm12', pillar, 1), found[3]);
  assert.notDeepEqual(found[4], found[3], 'another seed, another way');
});

test('a goal inside a thing: no way', () => {
  assert.equal(way('ur5e', [box([0.5, -0.25], [0.05, 0.05, 0.1])], 1), null);
});
