/** @file Perturbed episodes as the environment plays them: pictures, joints, words; what is claimed to stay solvable is solved. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { packFiles } from '../../../../tests/libero-tasks.ts';
import { skipReason } from '../../../../tests/shared-data.ts';
import type { Environment, Outcome } from '../../../interfaces/environment.ts';
import type { Observation } from '../../../interfaces/observation.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { composeTask } from '../compose-task.ts';
import { createLibero } from '../libero.ts';
import { Stage } from '../stage.ts';
import { suiteTasks } from '../suites.ts';
import type { LiberoTask } from '../task-model.ts';
import { distance, pilesOf, spotOf } from './layout.ts';
import { perturbEpisode } from './index.ts';

const skip = skipReason('libero');
const SUITE = 'libero_spatial';
const TASK = 'pick_up_the_black_bowl_between_the_plate_and_the_ramekin_and_place_it_on_the_plate';
const HARNESS_SEED = 7;

async function seen(environment: Environment, perturbation?: string, seed = 4): Promise<Observation> {
  await environment.reset({ task: TASK, seed, ...(perturbation === undefined ? {} : { perturbation }) });
  return environment.observe();
}

/** How many bytes differ by more than a little. */
function share(a: Observation, b: Observation, camera: string): number {
  const [x, y] = [a.images[camera]!.data, b.images[camera]!.data];
  return x.filter((value, i) => Math.abs(value - y[i]!) > 8).length / x.length;
}

test('pictures, states and words change where they should, and nowhere else', { skip }, async () => {
  const environment = await createLibero({ files: packFiles, suite: SUITE, tasks: [TASK], imageSize: 48 });
  const plain = await seen(environment);
  const [front, wrist] = Object.keys(plain.images) as [string, string];
  const changed: Record<string, Observation> = {};
  for (const name of environment.perturbations) changed[name] = await seen(environment, name);
  for (const name of ['moved-camera', 'changed-light', 'changed-textures', 'paraphrase']) {
    assert.deepEqual(changed[name]!.state, plain.state, `${name} moves nothing`);
  }
  for (const name of [
    'moved-camera',
    'changed-light',
    'changed-textures',
    'changed-layout',
    'distractors',
    'arm-start',
  ]) {
    assert.equal(changed[name]!.instruction, plain.instruction, name);
    assert.ok(share(plain, changed[name]!, front) > 0.005, `${name} is seen: ${share(plain, changed[name]!, front)}`);
  }
  assert.deepEqual(changed['moved-camera']!.images[wrist], plain.images[wrist], 'the camera in the hand stays');
  assert.ok(share(plain, changed['changed-light']!, wrist) > 0.3);
  assert.deepEqual(changed['paraphrase']!.images, plain.images);
  assert.notEqual(changed['paraphrase']!.instruction, plain.instruction);
  const hand = (one: Observation): number[] => [...one.state.subarray(0, 3)];
  const moved = Math.hypot(...hand(changed['arm-start']!).map((value, i) => value - hand(plain)[i]!));
  assert.ok(moved > 0.005 && moved < 0.15, `the hand begins ${moved} m elsewhere`);
  // What was before a perturbation is there again after it, and the same seed is the same change.
  assert.deepEqual(await seen(environment), plain);
  assert.deepEqual(await seen(environment, 'changed-light'), changed['changed-light']);
  await environment.close();
});

/** The stage of an episode under a perturbation, at its start. */
async function staged(task: LiberoTask, perturbation: string | null, seed: number): Promise<Stage> {
  const mujoco = await loadMujoco();
  if (perturbation === null) {
    const stage = new Stage(mujoco, packFiles, task);
    stage.begin(seed, HARNESS_SEED);
    return stage;
  }
  const base = new Stage(mujoco, packFiles, task);
  const changed = perturbEpisode(perturbation, seed, { task, instruction: task.language, files: packFiles });
  const stage = new Stage(mujoco, packFiles, changed.task, base);
  base.close();
  stage.begin(seed, HARNESS_SEED, changed.start);
  return stage;
}

/** Where every object is, metres. */
const places = ({ world }: Stage): Record<string, number[]> =>
  Object.fromEntries(Object.values(world.objects).map((object) => [object.name, [...world.position(object)]]));

test('layouts: objects move by centimetres, stay apart, stay up, and keep to their place', { skip }, async () => {
  for (const suite of ['libero_spatial', 'libero_object', 'libero_goal']) {
    for (const [at, { name }] of suiteTasks(suite).entries()) {
      // Every third task: each takes a second.
      if (at % 3 !== 0) continue;
      const task = composeTask(packFiles, suite, name);
      const [before, stage] = [await staged(task, null, at), await staged(task, 'changed-layout', at)];
      const [was, is] = [places(before), places(stage)];
      const fixtures = Object.keys(task.objects).filter((one) => task.objects[one]!.fixture);
      for (const fixture of fixtures) assert.deepEqual(is[fixture], was[fixture], `${name}: ${fixture} stays`);
      const piles = pilesOf(task).map(({ joint }) => joint.replace(/_joint0$/, ''));
      const shifts = piles.map((one) => distance(spotOf(is[one]!), spotOf(was[one]!)));
      assert.ok(Math.max(...shifts) > 0.005, `${name}: something moves`);
      for (const [i, one] of piles.entries()) {
        assert.ok(shifts[i]! < 0.075, `${name}: ${one} moves ${shifts[i]} m`);
        assert.ok(Math.abs(is[one]![2]! - was[one]![2]!) < 0.01, `${name}: ${one} is as high as before`);
        for (const other of piles.slice(0, i)) {
          const apart = distance(spotOf(is[one]!), spotOf(is[other]!));
          const had = distance(spotOf(was[one]!), spotOf(was[other]!));
          assert.ok(apart > Math.min(0.13, had - 0.02), `${name}: ${one} and ${other}: ${apart} m, had ${had}`);
        }
      }
      before.close();
      stage.close();
    }
  }
});

test('distractors stand upright beside everything, and leave the rest where it was', { skip }, async () => {
  for (const [suite, at] of [
    ['libero_spatial', 0],
    ['libero_object', 3],
    ['libero_goal', 8],
  ] as const) {
    const task = composeTask(packFiles, suite, suiteTasks(suite)[at]!.name);
    for (const seed of [0, 1]) {
      const [before, stage] = [await staged(task, null, seed), await staged(task, 'distractors', seed)];
      const [was, is] = [places(before), places(stage)];
      const added = Object.keys(is).filter((name) => !(name in was));
      assert.equal(added.length, 2);
      for (const name of Object.keys(was)) {
        const moved = Math.hypot(...was[name]!.map((value, i) => value - is[name]![i]!));
        assert.ok(moved < 0.003, `${suite} ${name} moves by ${moved} m`);
      }
      const start = new Map(added.map((name) => [name, [...stage.world.orientation(stage.world.objects[name]!)]]));
      for (const name of added) {
        for (const other of Object.keys(is).filter((one) => one !== name)) {
          assert.ok(distance(spotOf(is[name]!), spotOf(is[other]!)) > 0.09, `${suite}: ${name} and ${other}`);
        }
      }
      for (let step = 0; step < 20; step++) stage.step([0, 0, 0, 0, 0, 0, -1]);
      for (const name of added) {
        const now = [...stage.world.orientation(stage.world.objects[name]!)];
        const cosine = (now.reduce((sum, value, i) => sum + value * start.get(name)![i]!, 0) - 1) / 2;
        assert.ok(cosine > 0.99, `${suite}: ${name} has not fallen over`);
        assert.ok(Math.abs(places(stage)[name]![2]! - is[name]![2]!) < 0.01, `${suite}: ${name} rests`);
      }
      before.close();
      stage.close();
    }
  }
});

test('the scripted expert solves tasks under every change of what moves', { skip }, async () => {
  const environment = await createLibero({ files: packFiles, suite: SUITE, tasks: [TASK], imageSize: 16 });
  for (const perturbation of ['changed-layout', 'distractors', 'arm-start']) {
    await environment.reset({ task: TASK, seed: 0, perturbation });
    let outcome: Outcome = 'running';
    while (outcome === 'running') outcome = await environment.step(environment.expert());
    assert.equal(outcome, 'success', perturbation);
  }
  await environment.close();
});
