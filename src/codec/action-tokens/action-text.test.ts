/** @file Action chunks as text: the tokens of DM0 and ZR-0, the way back through words, texts that are no chunk. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { walkChunk } from '../../../tests/fast-chunks.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import { DM0_ACTION_BINS, ZR0_ACTIONS } from '../text-tokens/added-tokens.ts';
import { createActionText, DM0_ACTION_TEXT, realDimensions, type ActionTextConfig } from './action-text.ts';
import { createFastTokenizer, type FastTokenizer, type WrongLength } from './fast.ts';

const golden = (file: string): unknown => readJson(path.join(repositoryRoot, 'tests/golden/fast', file));
const files = { processorConfig: golden('processor_config.json'), tokenizer: golden('tokenizer.json') };
const FAST: ActionTextConfig = { kind: 'fast', files, token: '<robot_action_%>' };
const dm0 = createActionText(DM0_ACTION_TEXT);
const zr0 = createActionText(FAST);

test('the tokens are those that the published models added', () => {
  assert.deepEqual(dm0.tokens, DM0_ACTION_BINS.tokens);
  assert.deepEqual(zr0.tokens, ZR0_ACTIONS.tokens.slice(0, zr0.tokens.length));
  assert.equal(dm0.write([-1, 0, 1, 0.5], 2, 2), '<action_0><action_127><action_254><action_190>');
});

test('fast text holds the ids of the tokenizer, and decodes as they do, whatever words stand around', () => {
  const fast: FastTokenizer = createFastTokenizer(files, 'fast');
  const { values, horizon, dim } = walkChunk(5, [[12, 7]]);
  const text = zr0.write(values, horizon, dim);
  assert.deepEqual(text.match(/\d+/g)!.map(Number), fast.encode(values, horizon, dim));
  const around = `{"todo": ["lift 3 blocks"], "Discrete Action Tokens": "${text}"}`;
  assert.deepEqual(zr0.parse(around, horizon, dim), fast.decode(fast.encode(values, horizon, dim), horizon, dim));
});

test('no number moves by more than half a bin', () => {
  const { values, horizon, dim } = walkChunk(2, [[9, 5]]);
  const back = dm0.parse(`Actions: ${dm0.write(values, horizon, dim)}`, horizon, dim);
  assert.ok(back.every((value, i) => Math.abs(value - values[i]!) <= 1 / 254 + 1e-12));
});

test('a text that makes no chunk is refused, or completed as asked', () => {
  const short = '<action_0><action_254><action_300>';
  assert.throws(() => dm0.parse(short, 2, 2), { code: 'bad-data', message: /2×2 = 4 tokens, got 3/ });
  const parse = (wrongLength: WrongLength): number[] => [...dm0.parse(short, 2, 2, wrongLength)];
  assert.deepEqual(parse('zeros'), [0, 0, 0, 0]);
  assert.deepEqual(parse('pad'), [-1, 1, 1, 0]);
  assert.deepEqual(parse('whole-frequencies'), [-1, 1, 0, 0]);
  assert.throws(() => dm0.parse('<action_300>', 1, 1), { code: 'bad-data' });
  assert.throws(() => zr0.parse('no actions', 2, 2), { code: 'bad-data' });
  assert.deepEqual([...zr0.parse('no actions', 2, 2, 'zeros')], [0, 0, 0, 0]);
});

test('a token without a place for its number is refused', () => {
  for (const token of ['<action>', '%', '<%_%>']) {
    assert.throws(() => createActionText({ ...DM0_ACTION_TEXT, token }), { code: 'bad-argument' });
  }
});

test('padded dimensions are left out', () => {
  assert.deepEqual([...realDimensions([1, 2, 3, 4, 5, 6], [1, 0, 1])], [1, 3, 4, 6]);
});
