/** @file Which world is played: the one that is named, else the policy's own, else the tabletop; and recipes are held to theirs. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { recordingOf } from '../../recipes/embodiments.ts';
import { quickstart } from '../../recipes/quickstart.ts';
import { evaluationWorld, type Recipe } from '../../recipes/recipe.ts';
import { openEnvironment } from '../benchmarks/player.ts';
import { namedEnvironment, namedPolicy } from './players.ts';
import { checkEvaluation } from './validation.ts';

test('the command line’s world, else the policy’s, else the tabletop; films are larger', async () => {
  const chosen = (environment: string | undefined, world: string | null): unknown => {
    const options = environment === undefined ? {} : { environment };
    const named = namedEnvironment(options, { imageSize: 32, world }, 96);
    return [named.environment.options, named.stage!.options];
  };
  const both = (world: string): unknown => [
    { world, imageSize: 32 },
    { world, imageSize: 96 },
  ];
  assert.deepEqual(chosen('two-arms', 'rooms'), both('two-arms'));
  assert.deepEqual(chosen(undefined, 'rooms'), both('rooms'));
  assert.deepEqual(chosen(undefined, null), both('tabletop'));
  assert.throws(() => chosen('kitchen', null), /expected tabletop, .*rooms.* or the path of a module, got "kitchen"/);
  assert.equal((await namedPolicy(null)).world, null, 'the shipped policy names none');
  const environment = await openEnvironment(namedEnvironment({}, { imageSize: 32, world: 'rooms' }, 96).environment);
  assert.equal(environment.name, 'rooms');
  await environment.close();
});

test('a recipe is measured where it records, or where it says, and asks only for what is there', () => {
  const record = recordingOf('rooms', 10, 1, 32);
  const evaluation = { ...quickstart.evaluation!, tasks: ['go-to', 'visit'], conditions: ['base', 'dimmed-light'] };
  const rooms: Recipe = { ...quickstart, record, evaluation };
  assert.equal(evaluationWorld(quickstart), undefined);
  assert.equal(evaluationWorld(rooms), 'rooms');
  assert.equal(evaluationWorld({ record, evaluation: { ...evaluation, world: 'six-joint' } }), 'six-joint');
  checkEvaluation(rooms);
  checkEvaluation(quickstart);
  assert.throws(() => checkEvaluation({ ...rooms, evaluation: quickstart.evaluation }), { code: 'not-found' });
  assert.throws(() => checkEvaluation({ ...rooms, evaluation: { ...evaluation, conditions: ['distractors'] } }), {
    code: 'not-found',
  });
});
