/** @file Paths: derivatives against differences, steps that bound motion, durations that hold the limits and waste little. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { Kinematics } from './kinematics.ts';
import { duration, JointPath, minimumJerk } from './path.ts';
import { ROBOTS } from './robots.ts';

const robot = ROBOTS['ur5e']!;
const random = new Random(4);

function randomPath(knots: number): JointPath {
  let at = robot.home.map((value) => value);
  const values: number[] = [];
  for (let k = 0; k < knots; k++) {
    values.push(...at);
    at = at.map((value) => value + random.range(-0.3, 0.3));
  }
  return new JointPath(6, Float64Array.from(values));
}

test('a path goes through its knots, begins and ends there, and its derivatives are those of its values', () => {
  for (const knots of [2, 3, 7]) {
    const path = randomPath(knots);
    const [q, first, second, ahead, later] = [0, 1, 2, 3, 4].map(() => new Float64Array(6)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    path.evaluate(0, q);
    assert.deepEqual(Array.from(q), Array.from(path.knots.subarray(0, 6)));
    path.evaluate(1, q);
    q.forEach((value, i) => assert.ok(Math.abs(value - path.knots[(knots - 1) * 6 + i]!) < 1e-12));
    for (let s = 0; s < 50; s++) {
      const u = random.range(0.001, 0.998);
      path.evaluate(u, q, first, second);
      path.evaluate(u + 1e-6, ahead, later);
      for (let i = 0; i < 6; i++) {
        assert.ok(Math.abs((ahead[i]! - q[i]!) / 1e-6 - first[i]!) < 1e-3);
        // Second derivatives jump at knots: there the difference is of one side or the other.
        if (knots === 2) assert.ok(Math.abs((later[i]! - first[i]!) / 1e-6 - second[i]!) < 1e-3);
      }
    }
  }
});

test('no joint moves further in one of the steps than it may', () => {
  const reaches = Float64Array.from([1, 0.8, 0.6, 0.4, 0.3, 0.2]);
  for (let trial = 0; trial < 20; trial++) {
    const path = randomPath(2 + (trial % 6));
    const steps = path.stepsFor(reaches, 0.02);
    const [a, b] = [new Float64Array(6), new Float64Array(6)];
    for (let s = 0; s < steps; s++) {
      path.evaluate(s / steps, a);
      path.evaluate((s + 1) / steps, b);
      const way = a.reduce((sum, value, i) => sum + Math.abs(b[i]! - value) * reaches[i]!, 0);
      assert.ok(way <= 0.02 + 1e-9, `${way}`);
    }
  }
});

test('minimum jerk: from 0 to 1, at rest at both ends, derivatives as they should be', () => {
  for (const x of [0, 1]) assert.deepEqual({ ...minimumJerk(x), second: 0 }, { at: x, first: 0, second: 0 });
  for (let x = 0.05; x < 1; x += 0.05) {
    const [a, b] = [minimumJerk(x - 1e-5), minimumJerk(x + 1e-5)];
    assert.ok(Math.abs((b.at - a.at) / 2e-5 - minimumJerk(x).first) < 1e-6);
    assert.ok(Math.abs((b.first - a.first) / 2e-5 - minimumJerk(x).second) < 1e-6);
  }
});

test('a duration holds every limit, and a tenth less would break one', () => {
  const kinematics = new Kinematics(robot);
  const { tool, positions } = kinematics;
  for (const handSpeed of [0.2, 100]) {
    for (let trial = 0; trial < 10; trial++) {
      const path = randomPath(2 + (trial % 4));
      const seconds = duration(path, kinematics, { handSpeed, share: 0.9 });
      let worst = 0;
      const [q, first, second] = [0, 1, 2].map(() => new Float64Array(6)) as [Float64Array, Float64Array, Float64Array];
      const samples = 5000;
      let last = [0, 0, 0];
      for (let s = 0; s <= samples; s++) {
        const time = minimumJerk(s / samples);
        path.evaluate(time.at, q, first, second);
        kinematics.forward(q);
        const hand = Array.from(positions.subarray(3 * tool, 3 * tool + 3));
        if (s > 0) {
          const speed = (Math.hypot(...hand.map((value, i) => value - last[i]!)) * samples) / seconds;
          worst = Math.max(worst, speed / handSpeed);
        }
        for (const [i, joint] of robot.joints.entries()) {
          const velocity = (first[i]! * time.first) / seconds;
          const acceleration = (second[i]! * time.first ** 2 + first[i]! * time.second) / seconds ** 2;
          // Accelerations count by their root: they fall with the square of the duration.
          worst = Math.max(worst, Math.abs(velocity) / (0.9 * joint.velocity));
          worst = Math.max(worst, Math.sqrt(Math.abs(acceleration) / (0.9 * joint.acceleration)));
        }
        last = hand;
      }
      assert.ok(worst <= 1 && worst > 0.9, `${worst} of the limit`);
    }
  }
});
