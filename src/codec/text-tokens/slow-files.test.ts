/** @file Qwen's slow tokenizer files: ids of 1100 hard texts, the way back, old added tokens, files that do not fit. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import { tokenizerFromSlowFiles, type SlowTokenizerFiles } from './slow-files.ts';
import { createTextTokenizer, type TextTokenizer } from './text-tokenizer.ts';

const folder = path.join(repositoryRoot, 'tests/golden/qwen-tokenizer');
const config = readJson<Record<string, unknown>>(path.join(folder, 'tokenizer_config.json'));
const files: SlowTokenizerFiles = {
  vocab: readJson(path.join(folder, 'vocab.json')),
  merges: fs.readFileSync(path.join(folder, 'merges.txt'), 'utf8'),
  config,
};
const { cases } = readJson<{ cases: [text: string, qwen2: number[], qwen35?: number[]][] }>(
  path.join(folder, 'ids.json'),
);

function open(changed: Partial<SlowTokenizerFiles> = {}): TextTokenizer {
  const made = tokenizerFromSlowFiles({ ...files, ...changed }, 'run');
  return createTextTokenizer(made.tokenizer, made.config, 'run');
}

test('ids equal those of Python, and turn back into the text', () => {
  const tokenizer = open();
  assert.ok(cases.length >= 1100);
  const wrong = cases.filter(([text, ids]) => tokenizer.encode(text).join() !== ids.join()).map(([text]) => text);
  assert.deepEqual(wrong, []);
  for (const [text] of cases) assert.equal(tokenizer.decode(tokenizer.encode(text)), text.normalize('NFC'));
});

test('Qwen3.5 cuts combining marks with letters, as in Python', () => {
  const tokenizer = open({ config: { ...config, tokenizer_class: 'Qwen3_5TokenizerFast' } });
  const wrong = cases.filter(([text, ids, own]) => tokenizer.encode(text).join() !== (own ?? ids).join());
  assert.deepEqual(
    wrong.map(([text]) => text),
    [],
  );
  assert.ok(cases.some(([, , own]) => own !== undefined));
});

test('special tokens are those that the configuration calls special', () => {
  const tokenizer = open();
  assert.ok(tokenizer.specialTokens.includes('<robot_action_11>'));
  assert.ok(!tokenizer.specialTokens.includes('<think>'));
  assert.equal(tokenizer.encode('<think>').length, 1);
  assert.equal(tokenizer.vocabularySize, 3037);
});

test('added_tokens.json stands in for an old configuration without the decoder', () => {
  const { added_tokens_decoder: decoder, ...old } = config;
  const entries = Object.entries(decoder as Record<string, { content: string }>);
  const addedTokens = Object.fromEntries(entries.map(([id, { content }]) => [content, Number(id)]));
  const tokenizer = open({ config: old, addedTokens });
  for (const [text, ids] of cases.slice(0, 300)) assert.deepEqual(tokenizer.encode(text), ids);
  assert.deepEqual(tokenizer.specialTokens, open().specialTokens);
});

test('files that do not fit together are refused by name', () => {
  const merges = files.merges.split('\n');
  const where = merges.length;
  assert.throws(() => open({ merges: `${files.merges}th nothing\n` }), {
    code: 'mismatch',
    message: `run/merges.txt: expected two tokens of the vocabulary that make a third in line ${where}, got "th nothing".`,
  });
  assert.throws(() => open({ merges: `${files.merges}a` }), { code: 'mismatch', message: /got "a"/ });
  assert.throws(() => open({ vocab: [] }), { code: 'bad-data', message: /^run\/vocab\.json: / });
  assert.throws(() => open({ config: {} }), {
    code: 'bad-data',
    message: /^run\/tokenizer_config\.json: .*tokenizer_class/,
  });
  assert.throws(() => open({ config: { ...config, tokenizer_class: 'LlamaTokenizer' } }), {
    code: 'unsupported',
    message: /expected tokenizer_class Qwen2Tokenizer or Qwen3_5Tokenizer, got "LlamaTokenizer"/,
  });
  const taken = { ...config, added_tokens_decoder: { '5': { content: '<|new|>' } } };
  assert.throws(() => open({ config: taken }), {
    code: 'mismatch',
    message: /^run: expected one token for the id 5, got .* and the added token "<\|new\|>"/,
  });
});
