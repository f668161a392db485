/** @file Overrides change exactly what they name, keep kinds, and suggest names. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VlaError } from '../base/errors.ts';
import { applyOverrides } from './overrides.ts';

const config = {
  name: 'x',
  optimiser: { learningRate: 2e-3, betas: [0.9, 0.98], clipNorm: 1 as number | null },
  tasks: ['lift', 'push'],
  images: { augment: true },
};

const failure = (override: string): { message: string; hint: string | undefined } => {
  try {
    applyOverrides(config, [override]);
  } catch (error) {
    assert.ok(error instanceof VlaError);
    return { message: error.message, hint: error.hint };
  }
  throw new assert.AssertionError({ message: `${override} was accepted` });
};

test('overrides are applied in order and leave the original and the rest alone', () => {
  const changed = applyOverrides(config, [
    'optimiser.learningRate=1e-3',
    'optimiser.betas.1=0.95',
    'optimiser.clipNorm=null',
    'tasks=lift,open',
    'images.augment=false',
    'name=true',
    'optimiser.clipNorm=2',
  ]);
  assert.deepEqual(changed, {
    name: 'true',
    optimiser: { learningRate: 1e-3, betas: [0.9, 0.95], clipNorm: 2 },
    tasks: ['lift', 'open'],
    images: { augment: false },
  });
  assert.equal(config.optimiser.learningRate, 2e-3);
  assert.equal(changed.optimiser === config.optimiser, false);
});

test('a misspelt path suggests the nearest name at that level', () => {
  assert.deepEqual(failure('optimiser.learnRate=1'), {
    message: '--set optimiser.learnRate: expected one of learningRate, betas, clipNorm, got "learnRate".',
    hint: 'Did you mean "optimiser.learningRate"?',
  });
  assert.equal(failure('optimizer.learningRate=1').hint, 'Did you mean "optimiser.learningRate"?');
  assert.equal(failure('optimiser.betas.7=1').message, '--set optimiser.betas.7: expected one of 0, 1, got "7".');
});

test('a value of another kind is refused and the present one shown', () => {
  assert.deepEqual(failure('optimiser.learningRate=fast'), {
    message: '--set optimiser.learningRate: expected a number, got "fast".',
    hint: 'It is 0.002 now.',
  });
  assert.match(failure('images.augment=1').message, /expected a boolean, got "1"/);
  assert.match(failure('images=1').message, /expected an object/);
  assert.match(failure('images.augment.strength=1').message, /expected a value before "\.strength"/);
  assert.match(failure('optimiser').message, /expected path=value, got "optimiser"/);
});
