/** @file Scores of answers, against numbers worked out by hand. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { scoreAnswer } from './score.ts';

test('words are right or wrong, whatever case, article and full stop', () => {
  assert.equal(scoreAnswer('identify', 'red cube', 'The red cube.'), 1);
  assert.equal(scoreAnswer('identify', 'red cube', 'red box'), 0);
  assert.equal(scoreAnswer('count', '2', '2'), 1);
  assert.equal(scoreAnswer('count', '2', '12'), 0);
  assert.equal(scoreAnswer('some foreign kind', 'yes', 'Yes'), 1);
  assert.equal(scoreAnswer('done', 'yes', ''), 0);
});

test('boxes score their intersection over union', () => {
  assert.equal(scoreAnswer('locate', '0 0 50 50', '0 0 50 50'), 1);
  assert.ok(Math.abs(scoreAnswer('locate', '0 0 40 40', '20 0 60 40') - 1 / 3) < 1e-9);
  assert.equal(scoreAnswer('locate', '0 0 10 10', '50 50 60 60'), 0);
  assert.equal(scoreAnswer('locate', '0 0 10 10', 'in the corner'), 0);
});

test('percent loses its absolute error', () => {
  assert.equal(scoreAnswer('progress', '40', '40'), 1);
  assert.ok(Math.abs(scoreAnswer('progress', '40', '70 %') - 0.7) < 1e-9);
  assert.equal(scoreAnswer('progress', '0', '100'), 0);
  assert.equal(scoreAnswer('progress', '40', 'half'), 0);
  assert.equal(scoreAnswer('progress', '40', '40 50'), 0);
});

test('lists count what is right and what is missing', () => {
  assert.equal(scoreAnswer('caption', 'red cube, blue ball', 'a blue ball and a red cube'), 1);
  assert.ok(Math.abs(scoreAnswer('caption', 'red cube, blue ball, green box', 'red cube') - 0.5) < 1e-9);
  assert.equal(scoreAnswer('steps', 'reach, grip', 'none'), 0);
  assert.equal(scoreAnswer('steps', 'none', 'none'), 1);
  assert.ok(Math.abs(scoreAnswer('steps', 'reach', 'reach, reach, reach') - 0.5) < 1e-9);
});
