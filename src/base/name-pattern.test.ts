/** @file Patterns of dotted names: what fits, and what a pattern that fits nothing is told. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { namePattern, selectNames } from './name-pattern.ts';

const NAMES = [
  'model.visual.blocks.0.attn.qkv.weight',
  'model.language_model.layers.0.self_attn.q_proj.weight',
  'model.language_model.layers.0.self_attn.v_proj.weight',
  'model.language_model.layers.11.self_attn.q_proj.weight',
  'model.language_model.norm.weight',
  'expert.norm.bias',
  'bias',
];

const select = (...patterns: string[]): string[] => selectNames('test', patterns, NAMES);

test('a star stays in its segment, two stars cross segments, braces choose words', () => {
  assert.deepEqual(select('**'), NAMES);
  assert.deepEqual(select('model.language_model.**'), NAMES.slice(1, 5));
  assert.deepEqual(select('**.bias'), ['expert.norm.bias', 'bias']);
  assert.deepEqual(select('*.norm.*'), ['expert.norm.bias']);
  assert.deepEqual(select('**.norm.*'), ['model.language_model.norm.weight', 'expert.norm.bias']);
  assert.deepEqual(select('**.layers.*.**.{q,k}_proj.weight'), [NAMES[1], NAMES[3]]);
  assert.deepEqual(select('model.**.layers.1*.**'), [NAMES[3]]);
  assert.deepEqual(select('expert.**', '**.v_proj.*'), [NAMES[2], 'expert.norm.bias']);
});

test('a pattern is a whole name, not a part of one', () => {
  const fits = namePattern('model.norm');
  assert.deepEqual(['model.norm', 'model.norms', 'a.model.norm', 'model.norm.weight'].map(fits), [
    true,
    false,
    false,
    false,
  ]);
  assert.equal(namePattern('a.**.b')('axb'), false);
  assert.equal(namePattern('a.**.b')('a.b'), true);
  assert.equal(namePattern('a**')('abc.d'), false);
});

test('a pattern that fits nothing is told the nearest name', () => {
  for (const [pattern, hint] of [
    ['model.langage_model.**', 'Did you mean "model.language_model.**"?'],
    ['model.language_model.layers.*.self_atn', 'Did you mean "model.language_model.layers.*.self_attn"?'],
    ['zzzzzzzzzzzzzzzzzzzzzzzz', 'The first of 7 names is model.visual.blocks.0.attn.qkv.weight.'],
  ] as const) {
    assert.throws(() => select(pattern), {
      code: 'not-found',
      message: `test: expected a pattern that fits a name, got "${pattern}".`,
      hint,
    });
  }
});

test('what is no pattern is refused', () => {
  for (const pattern of ['', 'a..b', 'a/b', 'a.{b', '(a)']) {
    assert.throws(() => namePattern(pattern), { code: 'bad-argument' });
  }
});
