/** @file OSC_POSE against robosuite's own torques, against the textbook formula, and against MuJoCo's Jacobian and mass matrix. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { axisAngleToQuaternion, multiplyMatrices, quaternionToMatrix } from '../../base/rotation.ts';
import type { Matrix3 } from '../../base/rotation.ts';
import { sharedData, skipReason } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { ARM_JOINTS, GRIP_SITE, HOME } from '../tabletop/arm.ts';
import { sevenJointArm } from '../tabletop/arm-model.ts';
import { worldXml } from '../tabletop/world-model.ts';
import { backwardSolve, cholesky, forwardSolve, pseudoInverse, solveSymmetric } from './dense.ts';
import { LIBERO_OSC, OscPose } from './osc-pose.ts';
import type { ArmReading } from './osc-pose.ts';

const mujoco = await loadMujoco();

function open(): { sim: Sim; control: OscPose } {
  const sim = Sim.fromXml(mujoco, worldXml(['cube'], sevenJointArm));
  return { sim, control: new OscPose(sim, { ...LIBERO_OSC, joints: ARM_JOINTS, site: GRIP_SITE }) };
}

/** Bends the arm at random, away from its limits, and sets it moving. */
function shake(sim: Sim, random: Random): void {
  const [low, high] = [
    [-1.5, -1, -1.5, -2.6, -1.5, 0.5, -1.5],
    [1.5, 1, 1.5, -0.6, 1.5, 3, 1.5],
  ];
  for (let j = 0; j < 7; j++) {
    sim.data('qpos')[j] = random.range(low[j]!, high[j]!);
    sim.data('qvel')[j] = random.normal();
  }
  sim.forward();
}

/** n × m by m × k. */
function times(a: ArrayLike<number>, b: ArrayLike<number>, n: number, m: number, k: number): number[] {
  return Array.from({ length: n * k }, (_, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    return [...Array(m).keys()].reduce((sum, t) => sum + a[i * m + t]! * b[t * k + j]!, 0);
  });
}

function transpose(a: ArrayLike<number>, n: number, m: number): number[] {
  return Array.from({ length: n * m }, (_, at) => a[(at % n) * m + Math.floor(at / n)]!);
}

/** The control law as robosuite writes it: explicit inverses, explicit null-space projector. */
function textbookTorques(
  reading: ArmReading,
  goalPosition: ArrayLike<number>,
  goal: ArrayLike<number>,
  posture: ArrayLike<number>,
): number[] {
  const { jacobian: j, mass, position, orientation: now, jointPosition, jointVelocity, bias } = reading;
  const jt = transpose(j, 6, 7);
  const massInverse = pseudoInverse(mass, 7);
  const lambdaInverse = Float64Array.from(times(times(j, massInverse, 6, 7, 7), jt, 6, 7, 6));
  const lambda = pseudoInverse(lambdaInverse, 6);
  const block = (offset: number): Float64Array =>
    pseudoInverse(
      Float64Array.from(
        { length: 9 },
        (_, at) => lambdaInverse[(offset + Math.floor(at / 3)) * 6 + offset + (at % 3)]!,
      ),
      3,
    );
  const velocity = times(j, jointVelocity, 6, 7, 1);
  const column = (m: ArrayLike<number>, c: number): [number, number, number] => [m[c]!, m[3 + c]!, m[6 + c]!];
  const turn = [0, 0, 0];
  for (let c = 0; c < 3; c++) {
    const [a, b] = [column(now, c), column(goal, c)];
    turn[0]! += (a[1] * b[2] - a[2] * b[1]) / 2;
    turn[1]! += (a[2] * b[0] - a[0] * b[2]) / 2;
    turn[2]! += (a[0] * b[1] - a[1] * b[0]) / 2;
  }
  const kd = 2 * Math.sqrt(150);
  const linear = [0, 1, 2].map((i) => 150 * (goalPosition[i]! - position[i]!) - kd * velocity[i]!);
  const angular = [0, 1, 2].map((i) => 150 * turn[i]! - kd * velocity[3 + i]!);
  const wrench = [...times(block(0), linear, 3, 3, 1), ...times(block(3), angular, 3, 3, 1)];
  const task = times(jt, wrench, 7, 6, 1);
  const jbar = times(times(massInverse, jt, 7, 7, 6), lambda, 7, 6, 6);
  const projector = times(jbar, j, 7, 6, 7).map((value, at) => (at % 8 === 0 ? 1 : 0) - value);
  const pull = [...Array(7).keys()].map(
    (i) => 10 * (posture[i]! - jointPosition[i]!) - 2 * Math.sqrt(10) * jointVelocity[i]!,
  );
  const rest = times(transpose(projector, 7, 7), times(mass, pull, 7, 7, 1), 7, 7, 1);
  return task.map((value, i) =>
    Math.max(-LIBERO_OSC.torqueLimits[i]!, Math.min(LIBERO_OSC.torqueLimits[i]!, value + bias[i]! + rest[i]!)),
  );
}

test('the reading is MuJoCo’s Jacobian and mass matrix, without a call into it', () => {
  const { sim, control } = open();
  const nv = sim.count('nv');
  const [translation, rotation, full] = [sim.outBuffer(3 * nv), sim.outBuffer(3 * nv), sim.outBuffer(nv * nv)];
  const random = new Random(3);
  for (let round = 0; round < 25; round++) {
    shake(sim, random);
    control.read();
    sim.siteJacobian(sim.id('site', GRIP_SITE), translation, rotation);
    sim.massMatrix(full);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 7; j++) {
        assert.ok(Math.abs(control.reading.jacobian[7 * i + j]! - translation.view()[i * nv + j]!) < 1e-12);
        assert.ok(Math.abs(control.reading.jacobian[7 * (3 + i) + j]! - rotation.view()[i * nv + j]!) < 1e-12);
      }
    }
    for (let i = 0; i < 7; i++) {
      for (let j = 0; j < 7; j++) assert.equal(control.reading.mass[7 * i + j], full.view()[i * nv + j]);
    }
  }
  sim.close();
});

test('torques equal the textbook formula', () => {
  const { sim, control } = open();
  const random = new Random(4);
  for (let round = 0; round < 60; round++) {
    shake(sim, random);
    control.read();
    control.command(Array.from({ length: 6 }, () => random.range(-1, 1)));
    const expected = textbookTorques(control.reading, control.goalPosition, control.goalOrientation, control.posture);
    const got = control.torques();
    for (let j = 0; j < 7; j++) {
      assert.ok(Math.abs(got[j]! - expected[j]!) < 1e-7, `joint ${j}: ${got[j]} for ${expected[j]}`);
    }
  }
  sim.close();
});

test('torques and goals equal robosuite’s own, from recorded rollouts', { skip: skipReason('libero') }, () => {
  interface Recorded {
    readonly states: readonly Record<string, readonly number[]>[];
  }
  const file = path.join(sharedData('libero')!, 'golden', 'osc.json');
  const { states } = JSON.parse(fs.readFileSync(file, 'utf8')) as Recorded;
  assert.ok(states.length > 30);
  const { sim, control } = open();
  for (const state of states) {
    const { reading } = control;
    reading.position.set(state['eef_pos']!);
    reading.orientation.set(state['eef_mat']!);
    reading.jacobian.set(state['J']!);
    reading.mass.set(state['M']!);
    reading.jointPosition.set(state['q']!);
    reading.jointVelocity.set(state['qd']!);
    reading.bias.set(state['bias']!);
    control.posture.set(state['q0']!);
    if ((state['substep'] as unknown as number) === 0) {
      control.command(state['action']!);
      for (let i = 0; i < 3; i++) assert.ok(Math.abs(control.goalPosition[i]! - state['goal_pos']![i]!) < 1e-7);
      if (state['action']!.slice(3).some((value) => value !== 0)) {
        for (let i = 0; i < 9; i++) assert.ok(Math.abs(control.goalOrientation[i]! - state['goal_mat']![i]!) < 1e-7);
      }
    }
    control.goalPosition.set(state['goal_pos']!);
    control.goalOrientation.set(state['goal_mat']!);
    const torques = control.torques();
    for (let j = 0; j < 7; j++) assert.ok(Math.abs(torques[j]! - state['torque_clipped']![j]!) < 1e-7);
  }
  sim.close();
});

test('commands: scaled, clipped, relative to the pose now; no rotation keeps the orientation goal', () => {
  const { sim, control } = open();
  shake(sim, new Random(5));
  control.hold();
  const goal = [...control.goalOrientation];
  shake(sim, new Random(6));
  control.read();
  const position = [...control.reading.position];
  control.command([1, -0.5, 7, 0, 0, 0]);
  assert.deepEqual([...control.goalPosition], [position[0]! + 0.05, position[1]! - 0.025, position[2]! + 0.05]);
  assert.deepEqual([...control.goalOrientation], goal);
  control.command([0, 0, 0, 0.2, 0, -3]);
  const turn = quaternionToMatrix(axisAngleToQuaternion([0.1, 0, -0.5]));
  const expected = multiplyMatrices(turn, [...control.reading.orientation] as unknown as Matrix3);
  for (let i = 0; i < 9; i++) assert.ok(Math.abs(control.goalOrientation[i]! - expected[i]!) < 1e-12);
  sim.close();
});

test('the arm goes where it is told and stays there', () => {
  const { sim, control } = open();
  sim.data('qpos').set(HOME);
  sim.forward();
  control.hold();
  control.solvePose([0.5, 0.05, 0.2], [1, 0, 0, 0, -1, 0, 0, 0, -1]);
  control.aimHere();
  const drive = (delta: readonly number[], periods: number): void => {
    for (let i = 0; i < periods * 10; i++) {
      control.read();
      if (i % 10 === 0) control.command(delta);
      sim.data('ctrl').set(control.torques());
      sim.actAndIntegrate();
      sim.computePose();
    }
    sim.check();
    control.read();
  };
  const start = [...control.reading.position];
  drive([0.4, 0, 0.2, 0, 0, 0], 20);
  const moved = control.reading.position.map((value, i) => value - start[i]!);
  assert.ok(
    moved[0]! > 0.06 && Math.abs(moved[1]!) < 0.004 && Math.abs(moved[2]! - moved[0]! / 2) < 0.01,
    `moved ${moved.join(', ')}`,
  );
  drive([0, 0, 0, 0, 0, 0], 10);
  const there = [...control.reading.position];
  drive([0, 0, 0, 0, 0, 0], 20);
  const drift = Math.hypot(...control.reading.position.map((value, i) => value - there[i]!));
  assert.ok(drift < 1e-3, `drifted by ${drift} m in a second`);
  sim.close();
});

test('inverse kinematics reaches reachable poses and says when it cannot', () => {
  const { sim, control } = open();
  const random = new Random(9);
  const home = sim.data('qpos').slice();
  for (let round = 0; round < 20; round++) {
    sim.data('qpos').set(home);
    sim.data('qpos').set(HOME);
    sim.forward();
    const yaw = random.range(-1.5, 1.5);
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    const goal = [random.range(0.4, 0.65), random.range(-0.2, 0.2), random.range(0.05, 0.25)];
    control.solvePose(goal, [c, s, 0, s, -c, 0, 0, 0, -1]);
    control.read();
    assert.ok(Math.hypot(...goal.map((value, i) => value - control.reading.position[i]!)) < 1e-5);
    assert.ok(
      Math.abs(control.reading.orientation[0]! - c) < 1e-4 && Math.abs(control.reading.orientation[3]! - s) < 1e-4,
    );
    assert.ok(sim.data('qvel').every((value) => value === 0));
  }
  assert.throws(() => control.solvePose([2, 0, 0.5], [1, 0, 0, 0, -1, 0, 0, 0, -1]), /expected a reachable pose/);
  sim.close();
});

test('small dense solvers: factor, solve, and the pseudo-inverse where a matrix is singular', () => {
  const random = new Random(11);
  for (let n = 1; n <= 7; n++) {
    const half = Array.from({ length: n * n }, () => random.normal());
    const a = Float64Array.from(
      times(half, transpose(half, n, n), n, n, n),
      (value, at) => value + (at % (n + 1) === 0 ? 0.1 : 0),
    );
    const x = Float64Array.from({ length: n }, () => random.normal());
    const b = Float64Array.from(times(a, x, n, n, 1));
    const factor = a.slice();
    assert.equal(cholesky(factor, n), true);
    const solved = b.slice();
    forwardSolve(factor, n, solved, 1);
    backwardSolve(factor, n, solved);
    const other = b.slice();
    solveSymmetric(a, n, other, new Float64Array(n * n));
    for (let i = 0; i < n; i++) {
      assert.ok(Math.abs(solved[i]! - x[i]!) < 1e-9);
      assert.ok(Math.abs(other[i]! - x[i]!) < 1e-9);
    }
  }
  // A rank-1 matrix: the least-norm answer, as NumPy's pinv gives it.
  const flat = Float64Array.of(1, 2, 2, 4);
  const b = Float64Array.of(5, 10);
  solveSymmetric(flat, 2, b, new Float64Array(4));
  assert.ok(Math.abs(b[0]! - 1) < 1e-12 && Math.abs(b[1]! - 2) < 1e-12);
});
