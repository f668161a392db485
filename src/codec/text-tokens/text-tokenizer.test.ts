/** @file The tokenizer: ids equal to Hugging Face's on 600 texts, the way back, and files that are none. */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { tabletopTokenizer } from '../../../tests/tabletop-tokenizer.ts';
import { readJson } from '../../base/files.ts';
import { createTextTokenizer } from './text-tokenizer.ts';

const tokenizer = tabletopTokenizer();

test('ids equal those of the Python tokenizers, whatever the script', () => {
  const { cases } = readJson<{ cases: [string, number[]][] }>(path.join(repositoryRoot, 'tests/golden/tokens.json'));
  assert.equal(cases.length, 600);
  for (const [text, ids] of cases) assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
});

test('ids turn back into the text, in normal form C', () => {
  const { cases } = readJson<{ cases: [string, number[]][] }>(path.join(repositoryRoot, 'tests/golden/tokens.json'));
  for (const [text] of cases) {
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text.normalize('NFC'), JSON.stringify(text));
  }
});

test('ids without a token are skipped, as in Python', () => {
  assert.equal(tokenizer.decode([...tokenizer.encode('lift'), 999_999, ...tokenizer.encode(' it')]), 'lift it');
});

test('special tokens are single ids, and a misspelt one is suggested', () => {
  assert.deepEqual(tokenizer.encode('<|im_start|>'), [tokenizer.id('<|im_start|>')]);
  assert.equal(tokenizer.vocabularySize, 569);
  assert.ok(tokenizer.specialTokens.includes('</SUB_TASK>'));
  assert.throws(() => tokenizer.id('<|image_pda|>'), {
    code: 'not-found',
    hint: 'The nearest token is "<|image_pad|>".',
  });
});

test('the words of the table are short', () => {
  for (const text of [
    ' lift the red block',
    ' please push the yellow cylinder into the dark zone',
    ' shut the drawer',
  ]) {
    assert.equal(tokenizer.encode(text).length, text.split(' ').length - 1, text);
  }
});

test('a file that is no tokenizer is refused by name', () => {
  for (const json of [null, {}, { model: {} }, { model: { type: 'BPE', vocab: null } }]) {
    assert.throws(() => createTextTokenizer(json, {}, 'run/tokenizer.json'), {
      code: 'bad-data',
      message: /^run\/tokenizer\.json: expected a Hugging Face tokenizer/,
    });
  }
  assert.throws(() => createTextTokenizer({ model: { type: 'Nonsense', vocab: {} } }, {}, 'run/tokenizer.json'), {
    code: 'bad-data',
  });
});
