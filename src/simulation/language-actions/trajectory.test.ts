/** @file Actions lead from each sample to the next, in both conventions; columns fit the embodiment. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { angleBetween, axisAngleToQuaternion, type Quaternion } from '../../base/rotation.ts';
import { compareConventions } from '../../interfaces/convention.ts';
import { tabletopEmbodiment } from '../tabletop/embodiment.ts';
import { ACTION_STYLES, armColumns, armEmbodiment, armFeatures } from './embodiment.ts';
import { createTrajectoryGenerator } from './generate.ts';
import { Kinematics } from './kinematics.ts';
import { applyEndEffectorAction, endEffectorActions, jointActions } from './trajectory.ts';

const trajectory = createTrajectoryGenerator('franka-panda').generate('rotate-and-move', 2, 3);

test('end-effector actions, carried out one after the other, end where the trajectory ends, at any rate', () => {
  for (const rate of [50, 20]) {
    const samples = trajectory.sample(rate);
    const { positions, quaternions, length } = samples;
    const actions = endEffectorActions(samples);
    let at = { position: Array.from(positions.subarray(0, 3)), orientation: quaternionAt(quaternions, 0) };
    for (let i = 0; i < length; i++) {
      const action = actions.subarray(7 * i, 7 * i + 7);
      at = applyEndEffectorAction(at.position, at.orientation, action);
      for (let k = 0; k < 7; k++) assert.ok(Math.abs(action[k]!) <= 1, `${rate} Hz, dimension ${k}: ${action[k]}`);
      const next = Math.min(i + 1, length - 1);
      at.position.forEach((value, k) => assert.ok(Math.abs(value - positions[3 * next + k]!) < 1e-9));
      assert.ok(angleBetween(at.orientation, quaternionAt(quaternions, next)) < 1e-6);
    }
  }
});

test('joint actions are the next joints; the gripper is told to close before it is closed', () => {
  const samples = trajectory.sample();
  const actions = jointActions(samples);
  const { length, joints, openings } = samples;
  for (let i = 0; i + 1 < length; i++) {
    for (let j = 0; j < 7; j++) assert.equal(actions[8 * i + j], joints[7 * (i + 1) + j]);
    const command = actions[8 * i + 7]!;
    assert.ok(command === 1 || command === -1);
    const change = openings[i + 1]! - openings[i]!;
    assert.ok(command > 0 ? change <= 1e-12 : change >= -1e-12, `sample ${i}: told ${command}, opens by ${change}`);
  }
});

test('states are those of the joints: the pose is where the joints put the hand', () => {
  const samples = trajectory.sample(20);
  const kinematics = new Kinematics(trajectory.robot);
  const columns = armColumns(samples, 'end-effector');
  const state = columns['observation.state']!;
  for (let i = 0; i < samples.length; i++) {
    kinematics.forward(samples.joints, 7 * i);
    const { positions, tool, rotations } = kinematics;
    for (let k = 0; k < 3; k++) assert.ok(Math.abs(state[8 * i + k]! - positions[3 * tool + k]!) < 1e-12);
    const [w, x, y, z] = axisAngleToQuaternion([state[8 * i + 3]!, state[8 * i + 4]!, state[8 * i + 5]!]);
    assert.ok(Math.abs(1 - 2 * (y * y + z * z) - rotations[9 * tool]!) < 1e-9);
    assert.ok(Math.abs(2 * (x * y + w * z) - rotations[9 * tool + 3]!) < 1e-9);
    assert.equal(state[8 * i + 6]! - state[8 * i + 7]!, samples.openings[i]);
  }
});

test('columns have the sizes that features and embodiment say, in both conventions', () => {
  const samples = trajectory.sample(10);
  for (const style of ACTION_STYLES) {
    const embodiment = armEmbodiment(trajectory.robot, style, 10);
    const features = armFeatures(trajectory.robot, embodiment);
    const columns = armColumns(samples, style);
    assert.deepEqual(Object.keys(columns), Object.keys(features));
    for (const [name, { shape }] of Object.entries(features)) {
      assert.equal(columns[name]!.length, samples.length * shape[0]!, name);
    }
    const { low, high } = embodiment.action;
    const actions = columns['action']!;
    actions.forEach((value, i) => {
      const d = i % low!.length;
      assert.ok(value >= low![d]! && value <= high![d]!);
    });
  }
});

test('end-effector states and actions mean what the tabletop’s mean', () => {
  const [arm, tabletop] = [armEmbodiment(trajectory.robot, 'end-effector', 20), tabletopEmbodiment(64)];
  assert.deepEqual(compareConventions(tabletop.action.convention, arm.action.convention), []);
  assert.deepEqual(compareConventions(tabletop.state.convention, arm.state.convention), []);
  assert.deepEqual([arm.state.names, arm.action.names], [tabletop.state.names, tabletop.action.names]);
});

function quaternionAt(all: Float64Array, i: number): Quaternion {
  return [all[4 * i]!, all[4 * i + 1]!, all[4 * i + 2]!, all[4 * i + 3]!];
}
