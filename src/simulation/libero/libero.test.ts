/** @file LIBERO keeps the contract of environments, and what its own protocol promises. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../base/errors.ts';
import type { Environment } from '../../interfaces/environment.ts';
import { environmentContract } from '../../../tests/contracts/environment.ts';
import { packFiles } from '../../../tests/libero-tasks.ts';
import { skipReason } from '../../../tests/shared-data.ts';
import { createLibero } from './libero.ts';

const SUITE = 'libero_spatial';
const TASKS = [
  'pick_up_the_black_bowl_between_the_plate_and_the_ramekin_and_place_it_on_the_plate',
  'pick_up_the_black_bowl_in_the_top_drawer_of_the_wooden_cabinet_and_place_it_on_the_plate',
];
const skip = skipReason('libero');

function open(harnessSeed?: number): Promise<Environment> {
  const config = { files: packFiles, suite: SUITE, tasks: TASKS, imageSize: 32 };
  return createLibero(harnessSeed === undefined ? config : { ...config, harnessSeed });
}

if (skip === false)
  environmentContract('libero', {
    open,
    unseenPerturbations: ['paraphrase'],
    rewordings: ['paraphrase'],
    oneTarget: true,
  });

test('a seed is a row of the published initial states, and any other is refused', { skip }, async () => {
  const environment = await open();
  for (const seed of [50, -1, 1.5]) {
    await assert.rejects(
      () => environment.reset({ task: TASKS[0]!, seed }),
      (error) => error instanceof VlaError && error.code === 'bad-argument' && error.message.includes('from 0 to 49'),
    );
  }
  await environment.close();
});

test('the harness’s seed moves the fixtures, and nothing else at first', { skip }, async () => {
  const [seven, zero, explicit] = [await open(), await open(0), await open(7)];
  const states = [];
  for (const environment of [seven, zero, explicit]) {
    await environment.reset({ task: TASKS[0]!, seed: 3 });
    states.push(await environment.observe());
    await environment.close();
  }
  assert.deepEqual(states[0], states[2]);
  assert.deepEqual(states[0]!.state, states[1]!.state);
  assert.notDeepEqual(states[0]!.images, states[1]!.images);
  assert.equal(
    states[0]!.instruction,
    'pick up the black bowl between the plate and the ramekin and place it on the plate',
  );
});
