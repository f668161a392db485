/** @file Resets against the original's: fixtures, objects and the state of numpy's generator afterwards. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { composedTask, packFiles } from '../../../tests/libero-tasks.ts';
import { liberoFiles, noFullLibero, noLibero } from '../../../tests/libero-golden.ts';
import { repositoryRoot, sharedData, skipReason } from '../../../tests/shared-data.ts';
import { loadMujoco } from '../mujoco/module.ts';
import { Sim } from '../mujoco/sim.ts';
import { composeTask } from './compose-task.ts';
import type { LiberoFiles } from './files.ts';
import { NumpyRandom } from './numpy-random.ts';
import { modelFiles, physicsXml } from './physics-model.ts';
import { Resets } from './resets.ts';
import { siteLookup } from './site-lookup.ts';
import type { LiberoTask } from './task-model.ts';

interface GoldenReset {
  seed: number;
  /** From 1, counted from `env.seed`. */
  reset: number;
  fixtures: Record<string, { pos: number[]; quat: number[] }>;
  next_uniform: number;
}

interface GoldenResets<T> {
  suite: string;
  task: string;
  resets: (GoldenReset & T)[];
}

const mujoco = await loadMujoco();

const EXACT = 1e-15;
/** The pack's numbers were made with robosuite's functions as they are written: numba rounds the matrix of a fixture's turn otherwise. */
const WITHOUT_NUMBA = 1e-9;

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

test('fixtures, objects and the next number are the original’s, seed by seed', { skip: skipReason('libero') }, () => {
  const file = path.join(sharedData('libero')!, 'golden', 'resets.json');
  for (const { suite, task: name, resets } of readGolden<{ qpos: number[] }>(file)) {
    const task = composedTask(suite, name);
    const sim = open(task, packFiles);
    for (const { qpos, ...reset } of resets) {
      const joint = (name: string, width: number): number[] => {
        const at = sim.model('jnt_qposadr')[sim.id('joint', name)]!;
        return qpos.slice(at, at + width);
      };
      check(task, sim, reset, joint, WITHOUT_NUMBA);
    }
    sim.close();
  }
});

const golden = readGolden<{ joints: Record<string, number[]> }>(
  path.join(repositoryRoot, 'tests', 'golden', 'libero-resets.json'),
);

for (const { suite, task: name, resets } of golden) {
  const skip = suite === 'libero_spatial' ? noLibero : noFullLibero;
  test(`what lies on or in things, and joints that begin open: ${suite}, ${name}`, { skip }, () => {
    const task = composeTask(liberoFiles, suite, name);
    const sim = open(task, liberoFiles);
    for (const { joints, ...reset } of resets) check(task, sim, reset, (joint) => joints[joint]!);
    sim.close();
  });
}

function readGolden<T>(file: string): GoldenResets<T>[] {
  return JSON.parse(fs.readFileSync(file, 'utf8')) as GoldenResets<T>[];
}

function open(task: LiberoTask, files: LiberoFiles): Sim {
  const xml = physicsXml(task.xml);
  return Sim.fromXml(mujoco, xml, { files: modelFiles(files, xml) });
}

/** `joint` gives the original's position of a joint. */
function check(
  task: LiberoTask,
  sim: Sim,
  { seed, reset, fixtures, next_uniform }: GoldenReset,
  joint: (name: string, width: number) => readonly number[],
  tolerance = EXACT,
): void {
  const random = new NumpyRandom(seed);
  const resets = new Resets(task, random, siteLookup(sim));
  for (let earlier = 1; earlier < reset; earlier++) resets.next();
  const { places, joints } = resets.next();
  const what = `${task.name}, seed ${seed}, reset ${reset}`;
  assert.deepEqual(Object.keys(places).sort(), Object.keys(task.objects).sort());
  for (const [name, { position, quaternion }] of Object.entries(places)) {
    const object = task.objects[name]!;
    const expected = object.fixture
      ? [...fixtures[name]!.pos, ...fixtures[name]!.quat]
      : joint(object.joints.at(-1)!, 7);
    near([...position, ...quaternion], expected, object.fixture ? EXACT : tolerance, `${what}: ${name}`);
  }
  for (const [name, position] of Object.entries(joints)) near([position], joint(name, 1), EXACT, `${what}: ${name}`);
  assert.equal(random.uniform(0, 1), next_uniform, `${what}: the next number`);
}

function near(got: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  const shown = `${what}: ${got.join(' ')}, expected ${expected.join(' ')}`;
  got.forEach((value, i) => assert.ok(Math.abs(value - expected[i]!) <= tolerance, shown));
}
