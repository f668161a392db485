/** @file What templates share: the number of cameras that a model has places for. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { requireAtMostCameras } from './template.ts';

test('more cameras than a prompt takes are refused by name', () => {
  const cameras = ['base', 'left', 'right'].map((name) => ({ name, label: name }));
  requireAtMostCameras(cameras, 3, 'prompt of three');
  assert.throws(() => requireAtMostCameras(cameras, 2, 'prompt of two'), {
    code: 'bad-argument',
    message: 'prompt of two: expected at most 2 cameras, got 3 (base, left, right).',
  });
});
