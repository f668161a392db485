/** @file Resets against the original's: fixtures, objects and the state of numpy's generator afterwards. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { composedTask, packFiles } from '../../../tests/libero-tasks.ts';
import { sharedData, skipReason } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { NumpyRandom } from './numpy-random.ts';
import { modelFiles, physicsXml } from './physics-model.ts';
import { Resets } from './resets.ts';
import type { SiteLookup } from './resets.ts';
import { siteLookup } from './site-lookup.ts';
import type { LiberoTask } from './task-model.ts';

interface GoldenResets {
  suite: string;
  task: string;
  resets: {
    seed: number;
    reset: number;
    fixtures: Record<string, { pos: number[]; quat: number[] }>;
    qpos: number[];
    next_uniform: number;
  }[];
}

test('numbers are those of numpy’s global generator', () => {
  // numpy.random.seed(7); randn(3), uniform(-1, 2), randint(5), randint(1), randint(70000), randn()
  const random = new NumpyRandom(7);
  assert.deepEqual(
    [random.normal(), random.normal(), random.normal(), random.uniform(-1, 2), random.randint(5), random.randint(1)],
    [1.690525703800356, -0.4659373705408328, 0.0328201636785844, 0.5033613909798138, 2, 0],
  );
  // Beyond the 624 words of the state.
  for (let i = 0; i < 1000; i++) random.random();
  assert.deepEqual(
    [random.randint(70_000), random.normal(), random.uint32()],
    [19_255, 0.40751628299650783, 0x8f7b0634],
  );
  assert.equal(new NumpyRandom(4294967295).random(), 0.0976320289940138);
});

test(
  'fixtures, objects and the next number are the original’s, seed by seed',
  { skip: skipReason('libero') },
  async () => {
    const golden = JSON.parse(
      fs.readFileSync(path.join(sharedData('libero')!, 'golden', 'resets.json'), 'utf8'),
    ) as GoldenResets[];
    for (const { suite, task, resets } of golden) await check(composedTask(suite, task), resets);
  },
);

async function check(task: LiberoTask, golden: GoldenResets['resets']): Promise<void> {
  const xml = physicsXml(task.xml);
  const sim = Sim.fromXml(await loadMujoco(), xml, { files: modelFiles(packFiles, xml) });
  const site: SiteLookup = siteLookup(sim);
  for (const { seed, reset, fixtures, qpos, next_uniform } of golden) {
    const random = new NumpyRandom(seed);
    const resets = new Resets(task, random, site);
    for (let earlier = 1; earlier < reset; earlier++) resets.next();
    const { places, joints } = resets.next();
    const what = `${task.name}, seed ${seed}, reset ${reset}`;
    for (const [name, { position, quaternion }] of Object.entries(places)) {
      const object = task.objects[name]!;
      const expected = object.fixture
        ? [...fixtures[name]!.pos, ...fixtures[name]!.quat]
        : freeJoint(sim, object.joints.at(-1)!, qpos);
      near([...position, ...quaternion], expected, `${what}: ${name}`);
    }
    for (const [joint, position] of Object.entries(joints)) {
      near([position], [qpos[sim.model('jnt_qposadr')[sim.id('joint', joint)]!]!], joint);
    }
    assert.equal(Object.keys(places).length, Object.keys(task.objects).length);
    assert.equal(random.uniform(0, 1), next_uniform, `${what}: the next number`);
  }
  sim.close();
}

function freeJoint(sim: Sim, joint: string, qpos: readonly number[]): number[] {
  const at = sim.model('jnt_qposadr')[sim.id('joint', joint)]!;
  return qpos.slice(at, at + 7);
}

function near(got: readonly number[], expected: readonly number[], what: string): void {
  got.forEach((value, i) =>
    assert.ok(Math.abs(value - expected[i]!) <= 1e-15, `${what}: ${got.join(' ')}, expected ${expected.join(' ')}`),
  );
}
