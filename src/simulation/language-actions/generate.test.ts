/** @file Properties of hundreds of trajectories of every arm and template, checked without the planner's own code. */

import assert from 'node:assert/strict';
import process from 'node:process';
import test from 'node:test';
import { Replay } from '../../../tests/brute-force-trajectory.ts';
import { wrapAngle } from '../../base/rotation.ts';
import { createTrajectoryGenerator, TRAJECTORY_HZ, type LanguageTrajectory } from './generate.ts';
import { ROBOTS } from './robots.ts';
import { TEMPLATES } from './templates.ts';
import type { Samples } from './trajectory.ts';

/** Trajectories of each arm and template; the variable is for longer runs by hand. */
const EACH = Number(process.env['VLAKIT_TRAJECTORIES'] ?? 20);
const SEED = 11;

function checkLimits({ robot }: LanguageTrajectory, { length, rate, joints, velocities }: Samples): void {
  const n = robot.joints.length;
  const at = (i: number, j: number): number => joints[i * n + j]!;
  for (const [j, { low, high, velocity, acceleration }] of robot.joints.entries()) {
    for (let i = 0; i < length; i++) {
      if (at(i, j) < low || at(i, j) > high) assert.fail(`joint ${j} at ${at(i, j)}`);
      if (Math.abs(velocities[i * n + j]!) > velocity) assert.fail(`joint ${j}: ${velocities[i * n + j]} rad/s`);
      if (i + 1 < length && Math.abs(at(i + 1, j) - at(i, j)) * rate > velocity) assert.fail(`joint ${j} is too fast`);
      if (i === 0 || i + 1 === length) continue;
      const change = (at(i + 1, j) - 2 * at(i, j) + at(i - 1, j)) * rate * rate;
      if (Math.abs(change) > acceleration) assert.fail(`joint ${j}: ${change} rad/s²`);
      const speed = ((at(i + 1, j) - at(i - 1, j)) * rate) / 2;
      if (Math.abs(speed - velocities[i * n + j]!) > acceleration / rate) assert.fail(`joint ${j} says another speed`);
    }
    assert.equal(velocities[(length - 1) * n + j], 0);
  }
}

/** Turn of a thing about the vertical, radians. */
function yawOf(rotation: readonly number[]): number {
  return Math.atan2(rotation[3]!, rotation[0]!);
}

function checkGoals(trajectory: LanguageTrajectory, replay: Replay): void {
  for (const { object, position, yaw, period } of trajectory.goals) {
    const thing = replay.things[object]!;
    const off = Math.hypot(...thing.position.map((value, k) => value - position[k]!));
    // Pushed in the replay along the hand's momentary direction, things drift a little.
    assert.ok(off < (trajectory.template === 'push' ? 3e-3 : 1e-3), `thing ${object} ends ${off} m from its goal`);
    assert.ok(thing.rotation[8]! > 0.99999, 'it stands upright');
    if (period > 0)
      assert.ok(Math.abs(wrapAngle(yawOf(thing.rotation) - yaw, period)) < 2e-3, 'it is turned as it should be');
  }
  const meant = trajectory.goals.map(({ object }) => object);
  for (const [k, { place }] of trajectory.objects.entries()) {
    if (meant.includes(k)) continue;
    assert.deepEqual(replay.things[k]!.position.slice(0, 2), [...place], `thing ${k} stays where it is`);
  }
}

const GRASPS: Readonly<Record<string, number>> = { push: 0, swap: 3 };

for (const robot of Object.keys(ROBOTS)) {
  test(`${robot}: free at every sample, within the limits, and the goal is reached, in every template`, () => {
    const generator = createTrajectoryGenerator(robot);
    for (const template of Object.keys(TEMPLATES)) {
      for (let episode = 0; episode < EACH; episode++) {
        const trajectory = generator.generate(template, SEED, episode);
        const samples = trajectory.sample();
        try {
          checkLimits(trajectory, samples);
          const replay = new Replay(trajectory, samples);
          for (let i = 0; i < samples.length; i++) {
            replay.go(i);
            replay.checkFree(i);
          }
          assert.equal(replay.grasps, GRASPS[template] ?? 1);
          assert.equal(replay.held, null);
          checkGoals(trajectory, replay);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          throw new Error(`${template}, episode ${episode} (${trajectory.instruction}): ${why}`, { cause: error });
        }
      }
    }
  });
}

test('a trajectory repeats exactly, whatever was made before it, and differs by seed, arm and template', () => {
  const text = ({ instruction, sample }: LanguageTrajectory): string => `${instruction}\n${sample().joints.join()}`;
  const one = createTrajectoryGenerator('ur5e');
  const first = text(one.generate('swap', 3, 5));
  one.generate('push', 1, 1);
  assert.equal(text(one.generate('swap', 3, 5)), first);
  assert.equal(text(createTrajectoryGenerator('ur5e').generate('swap', 3, 5)), first);
  const others = [
    one.generate('swap', 4, 5),
    one.generate('swap', 3, 6),
    createTrajectoryGenerator('ur10e').generate('swap', 3, 5),
  ];
  for (const other of others) assert.notEqual(other.instruction, first.split('\n')[0]);
});

test('a trajectory is the same motion at any rate', () => {
  const trajectory = createTrajectoryGenerator('xarm7').generate('pull', 1, 2);
  const [fast, slow] = [trajectory.sample(TRAJECTORY_HZ), trajectory.sample(10)];
  assert.equal(fast.length, Math.ceil(trajectory.plan.duration * 50) + 1);
  for (let i = 0; i < slow.length - 1; i++) {
    for (let j = 0; j < 7; j++) assert.ok(Math.abs(slow.joints[7 * i + j]! - fast.joints[35 * i + j]!) < 1e-9);
  }
  assert.throws(() => trajectory.sample(0), { code: 'bad-argument' });
});

test('unknown arms and templates are named', () => {
  assert.throws(() => createTrajectoryGenerator('ur5'), /Did you mean|expected one of/);
  assert.throws(() => createTrajectoryGenerator('ur5e').generate('swop', 1, 1), { code: 'not-found' });
});
