/** @file Physics, controller, gripper and predicates against rollouts of the original LIBERO on native MuJoCo. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { composedTask, packFiles } from '../../../tests/libero-tasks.ts';
import { repositoryRoot, sharedData, skipReason } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { modelFiles, physicsXml } from './physics-model.ts';
import { holds, succeeds } from './predicates.ts';
import { LiberoRobot } from './robot.ts';
import { LiberoWorld } from './world.ts';

interface Moment {
  qpos: number[];
  qvel: number[];
  predicates: (string | boolean)[][];
}

interface Played {
  suite: string;
  task: string;
  fixtures: Record<string, { body: string; pos: number[]; quat: number[] }>;
  start: { qpos: number[]; qvel: number[] };
  actions: number[][];
  /** [control step][joint position]. */
  qpos: number[][];
}

interface Rollout extends Played {
  start: Moment;
  /** [control step][physics step][actuator]. */
  ctrl: number[][][];
  observations: { robot0_eef_pos: number[]; robot0_eef_quat_xyzw: number[]; robot0_gripper_qpos: number[] }[];
  success: boolean[];
  end: Moment;
}

const mujoco = await loadMujoco();
const skip = skipReason('libero');

/** From when on contacts amplify rounding (the fingers meet something): control steps, measured. */
const CONTACTS: Readonly<Record<string, number>> = {
  'rollout-libero_goal.json': 100,
  'rollout-libero_object.json': 50,
  'rollout-libero_spatial-scripted-pick-and-place.json': 25,
  'rollout-libero_spatial.json': 100,
};

function rollouts(): [name: string, rollout: Rollout][] {
  const folder = path.join(sharedData('libero')!, 'golden');
  return Object.keys(CONTACTS).map((name) => [
    name,
    JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8')) as Rollout,
  ]);
}

interface Opened {
  readonly sim: Sim;
  readonly robot: LiberoRobot;
  readonly world: LiberoWorld;
}

/** The physics of a rollout's task, with its fixtures, at its start. */
function open({ suite, task: name, fixtures, start }: Played): Opened {
  const task = composedTask(suite, name);
  const xml = physicsXml(task.xml);
  const sim = Sim.fromXml(mujoco, xml, { files: modelFiles(packFiles, xml) });
  const opened = { sim, robot: new LiberoRobot(sim), world: new LiberoWorld(task, sim) };
  for (const { body, pos, quat } of Object.values(fixtures)) {
    sim.model('body_pos').set(pos, 3 * sim.id('body', body));
    sim.model('body_quat').set(quat, 4 * sim.id('body', body));
  }
  begin(opened, start);
  return opened;
}

function begin({ sim, robot, world }: Opened, start: Played['start']): void {
  sim.reset();
  robot.placeAtStart();
  sim.forward();
  robot.reset();
  set(sim, start);
  world.moved();
}

function set(sim: Sim, { qpos, qvel }: Played['start']): void {
  sim.data('qpos').set(qpos);
  sim.data('qvel').set(qvel);
  sim.forward();
}

function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

test(
  'recorded controls move the physics-only models as the original’s, to rounding until contacts amplify it',
  { skip },
  () => {
    for (const [name, rollout] of rollouts()) {
      const { sim } = open(rollout);
      rollout.ctrl.slice(0, CONTACTS[name]).forEach((substeps, step) => {
        for (const control of substeps) {
          sim.data('ctrl').set(control);
          sim.step();
        }
        const error = difference(sim.data('qpos'), rollout.qpos[step]!);
        const bound = step < 25 ? 1e-14 : 1e-10;
        assert.ok(error <= bound, `${name}, step ${step}: expected at most ${bound}, got ${error}`);
      });
      sim.close();
    }
  },
);

test(
  'recorded actions move the robot as robosuite’s controller did, and what is observed is the same',
  { skip },
  () => {
    for (const [name, rollout] of rollouts()) {
      const { sim, robot, world } = open(rollout);
      let seen = false;
      rollout.actions.forEach((action, step) => {
        robot.step(action);
        world.moved();
        seen = succeeds(world);
        if (step >= CONTACTS[name]!) return;
        const error = difference(sim.data('qpos'), rollout.qpos[step]!);
        assert.ok(error <= 1e-7, `${name}, step ${step}: expected positions within 1e-7, got ${error}`);
        const { robot0_eef_pos, robot0_eef_quat_xyzw, robot0_gripper_qpos } = rollout.observations[step]!;
        const expected = [...robot0_eef_pos, ...axisAngle(robot0_eef_quat_xyzw), ...robot0_gripper_qpos];
        const off = difference(robot.state(), Float32Array.from(expected));
        assert.ok(off <= 5e-7, `${name}, step ${step}: expected the same state, got ${off} apart`);
        assert.equal(seen, rollout.success[step], `${name}, step ${step}: success`);
      });
      assert.equal(seen, rollout.success.at(-1), `${name}: success at the end`);
      sim.close();
    }
  },
);

test('with robosuite’s functions as numba compiles them, actions move the robot alike to rounding', { skip }, () => {
  const file = path.join(repositoryRoot, 'tests', 'golden', 'libero-rollout.json');
  const rollout = JSON.parse(fs.readFileSync(file, 'utf8')) as Played;
  const { sim, robot } = open(rollout);
  rollout.actions.forEach((action, step) => {
    robot.step(action);
    const error = difference(sim.data('qpos'), rollout.qpos[step]!);
    assert.ok(error <= 1e-14, `step ${step}: expected positions within 1e-14, got ${error}`);
  });
  sim.close();
});

test('every predicate that the original could evaluate has its value, at the start and at the end', { skip }, () => {
  for (const [name, rollout] of rollouts()) {
    const opened = open(rollout);
    let compared = 0;
    for (const moment of [rollout.start, { ...rollout.end, qpos: rollout.qpos.at(-1)! }]) {
      set(opened.sim, moment);
      opened.world.moved();
      for (const recorded of moment.predicates) {
        const proposition = recorded.slice(0, -1) as string[];
        assert.equal(holds(opened.world, proposition), recorded.at(-1), `${name}: ${proposition.join(' ')}`);
        compared++;
      }
    }
    assert.ok(compared > 200, `${name}: ${compared} predicates`);
    opened.sim.close();
  }
});

/** As robosuite computes it (quat2axisangle). */
function axisAngle([x, y, z, w]: number[]): number[] {
  const scale = (2 * Math.acos(w!)) / Math.sqrt(1 - w! * w!);
  return [x! * scale, y! * scale, z! * scale];
}
