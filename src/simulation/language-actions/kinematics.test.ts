/** @file Arms stand where other descriptions of them say; Jacobians agree with differences; inverse kinematics comes back. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { Random } from '../../base/random.ts';
import { handDown, InverseKinematics } from './inverse-kinematics.ts';
import { Kinematics } from './kinematics.ts';
import { ROBOTS } from './robots.ts';

interface GoldenPose {
  readonly joints: number[];
  /** Position and row-major rotation of the point between the fingertips. */
  readonly pose: number[];
}

const golden = JSON.parse(
  fs.readFileSync(path.join(repositoryRoot, 'tests/golden/arm-kinematics.json'), 'utf8'),
) as Record<string, GoldenPose[]>;

/** Kinova's table is in tenths of millimetres, its joint origins are finer. */
const TOLERANCE: Readonly<Record<string, number>> = { 'kinova-gen3': 5e-4 };

for (const robot of Object.values(ROBOTS)) {
  const kinematics = new Kinematics(robot);
  const { tool, size, positions, rotations } = kinematics;
  const pose = (q: Float64Array): number[] => {
    kinematics.forward(q);
    return [...positions.slice(3 * tool, 3 * tool + 3), ...rotations.slice(9 * tool, 9 * tool + 9)];
  };
  const random = new Random(5, size);
  const posture = (): Float64Array => Float64Array.from(robot.joints, ({ low, high }) => random.range(low, high));

  test(`${robot.name}: the hand is where the other table of the arm puts it`, () => {
    assert.equal(golden[robot.name]!.length, 8);
    for (const { joints, pose: expected } of golden[robot.name]!) {
      pose(Float64Array.from(joints)).forEach((value, i) => {
        const tolerance = i < 3 ? (TOLERANCE[robot.name] ?? 1e-8) : 1e-8;
        assert.ok(Math.abs(value - expected[i]!) < tolerance, `${i}: ${value}, expected ${expected[i]}`);
      });
    }
  });

  test(`${robot.name}: the Jacobian is the derivative of the pose`, () => {
    for (let i = 0; i < 20; i++) {
      const q = posture();
      const at = pose(q);
      kinematics.jacobian();
      const jacobian = kinematics.jacobianRows.slice();
      for (let joint = 0; joint < size; joint++) {
        const step = 1e-6;
        const ahead = pose(q.map((value, j) => (j === joint ? value + step : value)));
        const change = ahead.map((value, k) => (value - at[k]!) / step);
        // dR · Rᵀ is the cross-product matrix of the angular velocity.
        const spin = (a: number, b: number): number =>
          [0, 1, 2].reduce((sum, c) => sum + change[3 + 3 * a + c]! * at[3 + 3 * b + c]!, 0);
        const expected = [...change.slice(0, 3), spin(2, 1), spin(0, 2), spin(1, 0)];
        expected.forEach((value, row) => assert.ok(Math.abs(value - jacobian[row * size + joint]!) < 1e-4));
      }
    }
  });

  test(`${robot.name}: inverse kinematics comes back to poses of random postures, within the limits`, () => {
    const inverse = new InverseKinematics(kinematics);
    const [count, seeds] = [100, new Random(8)];
    let solved = 0;
    for (let i = 0; i < count; i++) {
      const goal = pose(posture());
      const q = Float64Array.from(robot.home);
      if (!inverse.search(q, goal.slice(0, 3), goal.slice(3), seeds, 20)) continue;
      solved++;
      pose(q).forEach((value, k) => assert.ok(Math.abs(value - goal[k]!) < 1e-5));
      robot.joints.forEach(({ low, high }, j) => assert.ok(q[j]! >= low && q[j]! <= high));
    }
    assert.ok(solved >= 0.97 * count, `${solved} of ${count}`);
  });

  test(`${robot.name}: at home the hand points down over the table, and its fingers lie across its heading`, () => {
    const at = pose(Float64Array.from(robot.home));
    assert.ok(at[0]! > robot.reach.near - 0.05 && at[0]! < robot.reach.far && at[2]! > 0.15);
    const down = handDown(0, new Float64Array(9));
    at.slice(3).forEach((value, k) => assert.ok(Math.abs(value - down[k]!) < 0.06, `${k}: ${value}`));
  });
}
