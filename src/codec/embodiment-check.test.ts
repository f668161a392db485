/** @file Conventions compared: a policy for another robot is refused with every difference named. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinyRobot } from '../../tests/codec-fixtures.ts';
import { requireConvention } from '../interfaces/convention.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import { embodimentDifferences } from '../interfaces/embodiment-fit.ts';
import { requireEmbodiment } from './embodiment-check.ts';

const { config } = codecOf(tinyDesign);

test('the robot itself fits, also with another camera and other sizes', () => {
  requireEmbodiment(config, tinyRobot);
  const cameras = tinyRobot.cameras.map((camera) => ({ ...camera, width: 640, height: 480 }));
  requireEmbodiment(config, { ...tinyRobot, cameras: [{ name: 'top', width: 1, height: 1 }, ...cameras] });
});

test('every difference is named in one error', () => {
  const { action, state } = tinyRobot;
  const other: Embodiment = {
    ...tinyRobot,
    name: 'other-robot',
    cameras: [tinyRobot.cameras[0]!],
    state: { ...state, names: ['x', 'z', 'finger'] },
    action: { ...action, convention: { ...action.convention, gripper: 'close-negative', reference: 'absolute' } },
    controlHz: 10,
  };
  assert.throws(() => requireEmbodiment(config, other), {
    code: 'mismatch',
    message:
      'A policy for "tiny-robot" does not fit "other-robot": state dimension 1: expected "y", got "z"; ' +
      'action gripper: expected "close-positive", got "close-negative"; ' +
      'action reference: expected "delta", got "absolute"; cameras: expected wrist, got front; ' +
      'control rate: expected 20 Hz, got 10 Hz.',
  });
  assert.deepEqual(embodimentDifferences(config, { ...tinyRobot, state: { ...state, names: ['x'] } }), [
    'state: expected 3 dimensions, got 1',
  ]);
});

test('two conventions are compared field by field', () => {
  const { convention } = tinyRobot.action;
  requireConvention(convention, { ...convention }, 'action');
  assert.throws(() => requireConvention(convention, { ...convention, rotation: 'axis-angle', unit: 'si' }, 'action'), {
    code: 'mismatch',
    message: 'action: rotation: expected "none", got "axis-angle"; unit: expected "normalised", got "si".',
  });
});
