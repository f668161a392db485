/** @file Errors: nearest names, look-ups, and the two kinds of mistakes. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { invariant, lookUp, nearestName, VlaError } from './errors.ts';

test('the nearest name is found by edit distance, and only when it is near', () => {
  const names = ['learningRate', 'batchSize', 'steps'];
  assert.equal(nearestName('learninrate', names), 'learningRate');
  assert.equal(nearestName('BATCHSIZE', names), 'batchSize');
  assert.equal(nearestName('stps', names), 'steps');
  assert.equal(nearestName('temperature', names), undefined);
  assert.equal(nearestName('x', []), undefined);
});

test('a look-up finds, or lists the choices and suggests', () => {
  const table = { debug: 1, quickstart: 2 };
  assert.equal(lookUp('recipe', 'debug', table), 1);
  assert.throws(() => lookUp('recipe', 'quickstrat', table), {
    name: 'VlaError',
    code: 'not-found',
    message: 'recipe: expected one of debug, quickstart, got "quickstrat".',
    hint: 'Did you mean "quickstart"?',
  });
  assert.throws(() => lookUp('recipe', 'somethingelse', table), { hint: 'Choose one of: debug, quickstart.' });
  // Names of Object.prototype are not entries.
  assert.throws(() => lookUp('recipe', 'constructor', table), VlaError);
});

test('an invariant is our mistake, not a VlaError', () => {
  invariant(true, 'fine');
  assert.throws(
    () => invariant(false, 'two is two'),
    (error) =>
      error instanceof Error && !(error instanceof VlaError) && /two is two.*bug in vlakit/.test(error.message),
  );
});
