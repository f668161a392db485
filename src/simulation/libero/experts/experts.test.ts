/** @file The experts solve tasks of each skill from published states, act within limits, and say what is true. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { NarratingEnvironment } from '../../../interfaces/environment.ts';
import { packFiles } from '../../../../tests/libero-tasks.ts';
import { skipReason } from '../../../../tests/shared-data.ts';
import { loadMujoco } from '../../mujoco/module.ts';
import { composeTask } from '../compose-task.ts';
import { createLibero } from '../libero.ts';
import { holds, succeeds } from '../predicates.ts';
import { Stage } from '../stage.ts';
import { HARNESS_SEED, maxStepsOf } from '../suite-protocol.ts';
import { Demonstrator } from './demonstrator.ts';

const skip = skipReason('libero');
/** Tasks with skills that differ, and rows of them. */
const PLAYED: readonly (readonly [suite: string, task: string, rows: readonly number[]])[] = [
  ['libero_spatial', 'pick_up_the_black_bowl_on_the_ramekin_and_place_it_on_the_plate', [4]],
  [
    'libero_spatial',
    'pick_up_the_black_bowl_in_the_top_drawer_of_the_wooden_cabinet_and_place_it_on_the_plate',
    [2, 3],
  ],
  ['libero_object', 'pick_up_the_alphabet_soup_and_place_it_in_the_basket', [1]],
  ['libero_object', 'pick_up_the_butter_and_place_it_in_the_basket', [6]],
  ['libero_goal', 'open_the_middle_drawer_of_the_cabinet', [5]],
  ['libero_goal', 'open_the_top_drawer_and_put_the_bowl_inside', [8]],
  ['libero_goal', 'push_the_plate_to_the_front_of_the_stove', [12]],
  ['libero_goal', 'put_the_wine_bottle_on_the_rack', [7]],
  ['libero_goal', 'turn_on_the_stove', [0]],
];

for (const [suite, task, rows] of PLAYED) {
  test(`the expert succeeds: ${task.replaceAll('_', ' ')}`, { skip }, async () => {
    const stage = new Stage(await loadMujoco(), packFiles, composeTask(packFiles, suite, task));
    const expert = new Demonstrator(stage.sim, stage.task, (proposition) => holds(stage.world, proposition));
    for (const row of rows) {
      stage.begin(row, HARNESS_SEED);
      let steps = 0;
      for (; steps < maxStepsOf(suite) && !succeeds(stage.world); steps++) {
        expert.moved();
        const action = expert.action();
        assert.ok(action.length === 7 && action.every((value) => Math.abs(value) <= 1));
        stage.step(action);
      }
      assert.ok(succeeds(stage.world), `row ${row}`);
    }
    stage.close();
  });
}

async function open(suite: string, task: string): Promise<NarratingEnvironment> {
  const environment = await createLibero({ files: packFiles, suite, tasks: [task], imageSize: 32, start: 'sampled' });
  await environment.reset({ task, seed: 90_001 });
  return environment;
}

test('demonstrations begin in states of their own, the same for a seed', { skip }, async () => {
  const task = PLAYED[2]![1];
  const environment = await open('libero_object', task);
  const places = [];
  for (const seed of [90_001, 90_001, 90_002]) {
    await environment.reset({ task, seed });
    places.push(environment.privileged().targetPosition);
  }
  assert.deepEqual(places[1], places[0]);
  assert.notDeepEqual(places[2], places[0]);
  await assert.rejects(environment.reset({ task, seed: 2 ** 32 }), { code: 'bad-argument' });
  await environment.close();
});

test('asking for facts or words changes nothing, and the expert answers alike', { skip }, async () => {
  const environment = await open('libero_goal', 'put_the_bowl_on_the_plate');
  const action = environment.expert();
  environment.privileged();
  environment.narrate();
  assert.deepEqual(environment.expert(), action);
  const before = environment.privileged().handPosition;
  await environment.step(action);
  const known = environment.privileged();
  assert.notDeepEqual(known.handPosition, before);
  assert.ok(environment.subtasks.includes(known.subtask));
  await environment.close();
});

test('boxes lie around the object that is meant, as the mirrored images show it', { skip }, async () => {
  const environment = await open('libero_goal', 'put_the_bowl_on_the_plate');
  const { targetBox, goalBox, targetPosition, goalPosition } = environment.privileged();
  const { locate } = environment.narrate();
  for (const [box, position] of [
    [targetBox['agentview'], targetPosition],
    [goalBox['agentview'], goalPosition],
  ] as const) {
    const [x, y] = locate(position!)['agentview']!;
    assert.ok(box !== null && box !== undefined && box[0] < x && x < box[2] && box[1] < y && y < box[3]);
    assert.ok(box[2] - box[0] < 0.25 && box[3] - box[1] < 0.25, 'not around everything');
  }
  // The camera looks at the robot and its image is mirrored: what is to the robot's left is to the left in it.
  const [left] = locate([0.6, 0.2, 0])['agentview']!;
  const [right] = locate([0.6, -0.2, 0])['agentview']!;
  assert.ok(left < right);
  await environment.close();
});

test('the steps of a task are said in order, and the present one follows the state', { skip }, async () => {
  const task = 'open_the_top_drawer_and_put_the_bowl_inside';
  const environment = await open('libero_goal', task);
  const { steps, scene, goal } = environment.narrate();
  assert.deepEqual(steps, [
    'reach for the handle of the top drawer of the wooden cabinet',
    'grip the handle of the top drawer of the wooden cabinet',
    'pull the top drawer of the wooden cabinet open',
    'let go of the handle and move away',
    'reach for the black bowl',
    'grip the black bowl',
    'carry the black bowl to the top drawer of the wooden cabinet',
    'let go of the black bowl in the top drawer of the wooden cabinet',
  ]);
  assert.equal(
    scene,
    'A wooden cabinet, a stove, a wine rack, a black bowl, a cream cheese, a wine bottle and a plate are on the table.',
  );
  assert.equal(goal, null);
  const seen = new Set<number>();
  for (let outcome = 'running'; outcome === 'running';) {
    const { present } = environment.narrate();
    // A step may be taken up again for a moment, but none is skipped.
    assert.ok(present === 0 || seen.has(present - 1) || seen.has(present), `${present} after ${[...seen].join(' ')}`);
    seen.add(present);
    outcome = await environment.step(environment.expert());
  }
  assert.ok(seen.has(6));
  await environment.close();
});
