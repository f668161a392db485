/** @file Limits out of URDF, MJCF and JSON: what the files say, what they do not say, and what MuJoCo's own compiler makes of the same file. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { joints, steps } from '../../../../tests/safety/robots.ts';
import { tipOf } from '../../../../tests/safety/judged-robot.ts';
import { loadMujoco } from '../../../simulation/mujoco/module.ts';
import { checkLimits } from '../check-limits.ts';
import { parseLimits, readLimits, writeLimits } from '../limits-file.ts';
import { chainEnd } from '../workspace.ts';
import { jointsOf, limitsFromJoints } from './joint-limits.ts';
import { limitsFromMjcf } from './mjcf.ts';
import { limitsFromUrdf } from './urdf.ts';

const { embodiment } = joints;
const ramp = { toVelocity: 0.5, toAcceleration: 0.25 };
const OPTIONS = { embodiment, ramp, grippers: ['grip'] };

/** The arm of `joints`, with the elbow's frame turned so that its axis is x. */
const URDF = `<?xml version="1.0"?>
<!-- An arm. -->
<robot name="arm">
  <link name="base"/><link name="a"/><link name="b"/><link name="c"/><link name="tip"/>
  <joint name="pan" type="revolute"><origin xyz="0 0 0.2"/><parent link="base"/><child link="a"/><axis xyz="0 0 1"/>
    <limit lower="-2.8" upper="2.9" velocity="2" effort="50"/></joint>
  <joint name="lift" type="revolute"><parent link="a"/><child link="b"/><axis xyz="0 -2 0"/>
    <limit lower="-1.5" upper="1.5" velocity="1.5" effort="50"/><safety_controller soft_upper_limit="1.2" k_velocity="1"/></joint>
  <joint name="j3" type="revolute"><origin xyz="0.4 0 0" rpy="0 0 -1.5707963267948966"/><parent link="b"/><child link="c"/>
    <limit lower="-2.5" upper="2.5" velocity="3" effort="50"/></joint>
  <joint name="end" type="fixed"><origin xyz="0 0.3 0"/><parent link="c"/><child link="tip"/></joint>
</robot>`;
const NAMED = { ...OPTIONS, joints: { elbow: 'j3' } };

test('a URDF’s limits, and the ramp for what it does not say', () => {
  const { axes, derived, hold } = limitsFromUrdf(URDF, NAMED, 'arm.urdf');
  const common = { kind: 'motion', scale: 1 } as const;
  assert.deepEqual(axes, [
    { ...common, name: 'pan', position: [-2.8, 2.9], state: 'pan', velocity: 2, acceleration: 4, jerk: 16 },
    { ...common, name: 'lift', position: [-1.5, 1.2], state: 'lift', velocity: 1.5, acceleration: 3, jerk: 12 },
    { ...common, name: 'elbow', position: [-2.5, 2.5], state: 'elbow', velocity: 3, acceleration: 6, jerk: 24 },
    { name: 'grip', kind: 'gripper', position: [0, 1], velocity: null },
  ]);
  assert.equal(hold, 'last-target');
  assert.equal(derived[0], 'pan: acceleration 4 = velocity 2 in 0.5 s; jerk 16 = that in 0.25 s');
  assert.equal(derived.length, 3);
});

test('a URDF’s chain ends where trigonometry has it', () => {
  const box = { tip: 'tip', low: [-1, -1, 0], high: [1, 1, 1] } as const;
  const limits = limitsFromUrdf(URDF, { ...NAMED, box }, 'arm.urdf');
  checkLimits(embodiment, limits);
  const [workspace] = limits.workspaces;
  assert.ok(workspace?.kind === 'chain');
  for (const angles of [
    [0, 0, 0, 0],
    [0.3, 0.7, -1.1, 0],
    [-2, -1, 2, 1],
  ]) {
    const end = chainEnd(workspace.links, embodiment.action.names, angles);
    tipOf(angles).forEach((value, k) => assert.ok(Math.abs(end[k]! - value) < 1e-12));
  }
  const loose = { ...OPTIONS, grippers: ['grip', 'elbow'], box };
  assert.throws(() => limitsFromUrdf(URDF, loose, 'x'), /j3: expected every joint before the tip/);
  assert.throws(() => limitsFromUrdf(URDF, { ...NAMED, box: { ...box, tip: 'nose' } }, 'x'), { code: 'not-found' });
});

test('what a URDF lacks is refused by name', () => {
  const still = URDF.replaceAll(/ velocity="2"/g, '');
  assert.throws(() => limitsFromUrdf(still, NAMED, 'x'), /pan: expected a largest velocity/);
  const slower = limitsFromUrdf(still, { ...NAMED, velocities: { pan: 1 } }, 'x').axes[0];
  assert.ok(slower?.kind === 'motion' && slower.velocity === 1);
  assert.throws(() => limitsFromUrdf(URDF, OPTIONS, 'x'), /expected a joint "elbow", got pan, lift, j3/);
  assert.throws(
    () => limitsFromUrdf(URDF.replace('-2.8', 'much'), NAMED, 'x'),
    /joint pan: expected a number, got "much"/,
  );
  assert.throws(() => limitsFromUrdf('<robot><joint', NAMED, 'x'), { code: 'bad-data' });
  assert.throws(() => limitsFromUrdf('<sdf/>', NAMED, 'x'), /expected <robot>, got <sdf>/);
  assert.throws(() => limitsFromUrdf(URDF, { ...NAMED, ramp: { ...ramp, toVelocity: 0 } }, 'x'), {
    code: 'bad-argument',
  });
  const hand = { ...steps.embodiment };
  assert.throws(() => limitsFromUrdf(URDF, { ...NAMED, embodiment: hand }, 'x'), { code: 'mismatch' });
});

/** Degrees by default, classes within classes, a child class, a joint that turns for ever, and servos with ranges of their own. */
const MJCF = `<mujoco>
  <default>
    <joint range="-90 90"/>
    <default class="arm"><joint range="-100 120"/><default class="wrist"><joint limited="false"/></default></default>
    <default class="slider"><joint type="slide" range="-1 2"/></default>
  </default>
  <worldbody>
    <body name="a"><geom size=".1" contype="0"/><joint name="pan"/>
      <body name="b" childclass="arm"><geom size=".1" contype="0"/><joint name="lift"/>
        <body name="c"><geom size=".1" contype="0"/><joint name="elbow" range="-45 30"/>
          <body name="d"><geom size=".1" contype="0"/><joint name="wrist" class="wrist"/>
            <body name="e"><geom size=".1" contype="0"/><joint name="rail" class="slider"/></body></body></body></body></body>
  </worldbody>
  <actuator>
    <position name="pan" joint="pan" ctrlrange="-1.2 1.7"/><position name="lift" joint="lift"/>
    <motor name="rail" joint="rail" ctrlrange="-.1 .1"/>
  </actuator>
</mujoco>`;

for (const compiler of ['', '<compiler angle="radian"/>', '<compiler autolimits="false"/>']) {
  test(`an MJCF’s ranges are MuJoCo’s own${compiler === '' ? '' : `, with ${compiler}`}`, async () => {
    const names = ['pan', 'lift', 'elbow', 'wrist', 'rail'];
    // What depends on autolimits must be said without them.
    const text = compiler.includes('autolimits')
      ? MJCF.replace('<joint range="-90 90"/>', '<joint range="-90 90" limited="true"/>')
          .replace('joint="pan" ctrlrange', 'joint="pan" ctrllimited="true" ctrlrange')
          .replace('ctrlrange="-.1', 'ctrllimited="false" ctrlrange="-.1')
      : MJCF;
    const full = text.replace('<mujoco>', `<mujoco>${compiler}`);
    const action = { ...embodiment.action, names, low: names.map(() => -9), high: names.map(() => 9) };
    const robot = { ...embodiment, action };
    const velocities = Object.fromEntries(names.map((name) => [name, 1]));
    const { axes } = limitsFromMjcf(full, { embodiment: robot, ramp, velocities }, 'arm.xml');
    const mujoco = await loadMujoco();
    const model = mujoco.MjModel.from_xml_string(full)!;
    const data = new mujoco.MjData(model);
    for (const [i, axis] of axes.entries()) {
      // What is limited pushes back from outside its range.
      const [low, high]: [number, number] = [model.jnt_range[2 * i], model.jnt_range[2 * i + 1]];
      data.qpos.fill(0);
      data.qpos[i] = high + 1;
      mujoco.mj_forward(model, data);
      const range = data.nefc > 0 ? ([low, high] as const) : null;
      const expected =
        axis.name === 'pan' && range !== null ? [Math.max(range[0], -1.2), Math.min(range[1], 1.7)] : range;
      assert.equal(axis.position === null, expected === null, axis.name);
      expected?.forEach((value: number, k: number) =>
        assert.ok(Math.abs(axis.position![k]! - value) < 1e-12, axis.name),
      );
    }
    data.delete();
    model.delete();
  });
}

test('an MJCF of several files is refused', () => {
  assert.throws(() => limitsFromMjcf('<mujoco><include file="a.xml"/></mujoco>', OPTIONS, 'x'), {
    code: 'unsupported',
  });
});

test('limits survive a file, and a file with anything else is refused by field', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'limits-'));
  const file = path.join(folder, 'limits.json');
  for (const { limits } of [joints, steps]) {
    writeLimits(file, limits);
    assert.deepEqual(readLimits(file), limits);
  }
  fs.rmSync(folder, { recursive: true });
  const [pan, ...others] = joints.limits.axes;
  const changed = (axis: object): object => ({ ...joints.limits, axes: [{ ...pan, ...axis }, ...others] });
  assert.throws(() => parseLimits(changed({ jerk: undefined }), 'x'), /limits: axes\.0\.jerk/);
  assert.throws(() => parseLimits(changed({ velocity: -1 }), 'x'), /limits: axes\.0\.velocity/);
  assert.throws(() => parseLimits(changed({ velocty: 1 }), 'x'), /velocty/);
});

test('a robot that says the range of its joints needs velocities and a ramp only', () => {
  const velocities = { pan: 1, lift: 1, elbow: 2 };
  const limits = limitsFromJoints(jointsOf(embodiment), { ...OPTIONS, velocities }, [], 'x');
  checkLimits(embodiment, limits);
  assert.deepEqual(limits.axes[0]?.position, [-3, 3]);
});
