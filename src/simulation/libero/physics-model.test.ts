/** @file Models without pictures: what is left of them, and that they move as the whole ones do. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goldenTasks, liberoFiles, noFullLibero } from '../../../tests/libero-golden.ts';
import { packFiles } from '../../../tests/libero-tasks.ts';
import { skipReason } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { composeTask } from './compose-task.ts';
import type { LiberoFiles } from './files.ts';
import { readInitialStates } from './initial-states.ts';
import { modelFiles, physicsXml } from './physics-model.ts';

const MILK = ['libero_object', 'pick_up_the_milk_and_place_it_in_the_basket'] as const;

const MODEL = `<mujoco>
  <compiler inertiagrouprange="0 0"/>
  <asset>
    <texture name="t" file="t.png"/> <material name="m" texture="t"/>
    <mesh name="seen" file="seen.msh"/> <mesh name="felt" file="felt.stl"/>
  </asset>
  <sensor><force site="s"/></sensor>
  <worldbody>
    <geom name="floor" type="plane" group="1" material="m"/>
    <body name="b">
      <geom name="picture" type="mesh" mesh="seen" group="1" contype="0" conaffinity="0"/>
      <geom name="weight" type="box" group="0" contype="0" conaffinity="0" material="m"/>
      <geom name="shape" type="mesh" mesh="felt" group="1" contype="0"/>
      <site name="s" material="m"/>
    </body>
  </worldbody>
</mujoco>`;

describe('models without pictures', () => {
  it('keep what collides or weighs, and lose what only shows', () => {
    const left = physicsXml(MODEL);
    const names = [...left.matchAll(/name="([^"]+)"/g)].map(([, name]) => name);
    assert.deepEqual(names, ['felt', 'floor', 'b', 'weight', 'shape', 's']);
    assert.doesNotMatch(left, /material|texture|sensor/);
  });

  it('move exactly as the whole model', { skip: skipReason('libero') }, async () => {
    const { xml } = composeTask(packFiles, ...MILK);
    const whole = await simOf(xml, packFiles);
    const own = await simOf(physicsXml(xml), packFiles);
    for (const kind of ['body', 'joint', 'site', 'camera', 'actuator'] as const) {
      assert.deepEqual(own.namesOf(kind), whole.namesOf(kind));
    }
    const ids = { nq: whole.count('nq'), nv: whole.count('nv') };
    const states = readInitialStates(packFiles, ...MILK, ids);
    for (const sim of [whole, own]) {
      sim.data('qpos').set(states.state(0).subarray(1, 1 + ids.nq));
      for (let i = 0; i < 200; i++) sim.step();
    }
    assert.ok(whole.contactCount > 0);
    assert.ok(whole.data('qpos').every(Number.isFinite));
    assert.deepEqual([...own.data('qpos')], [...whole.data('qpos')]);
    whole.close();
    own.close();
  });

  it('of all 130 tasks compile with the degrees of freedom of the original', { skip: noFullLibero }, async () => {
    const distinct = new Map(goldenTasks().map((task) => [task.model, task]));
    for (const { suite, name, counts } of distinct.values()) {
      const sim = await simOf(physicsXml(composeTask(liberoFiles, suite, name).xml), liberoFiles);
      assert.deepEqual({ nq: sim.count('nq'), nv: sim.count('nv') }, { nq: counts.nq, nv: counts.nv }, name);
      sim.close();
    }
  });
});

async function simOf(xml: string, from: LiberoFiles): Promise<Sim> {
  return Sim.fromXml(await loadMujoco(), xml, { files: modelFiles(from, xml) });
}
