/** @file Byte-pair encoding: small merges by hand, and the same tokens as Hugging Face's library on hard texts. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import { GPT2_PIECES, PIECES, bytesAsLetters, bytesOfToken } from './byte-level.ts';
import { createBytePairEncoder } from './byte-pairs.ts';

test('the earliest merge comes first, and of equal ones the leftmost', () => {
  const encode = createBytePairEncoder(
    {
      vocab: { a: 0, b: 1, aa: 2, ab: 3, aab: 4 },
      merges: [
        ['a', 'a'],
        ['a', 'b'],
        ['aa', 'b'],
      ],
    },
    'test',
  );
  assert.deepEqual(encode('aaab'), [2, 3]);
  assert.deepEqual(encode('aab'), [4]);
  assert.deepEqual(encode('aaaaa'), [2, 2, 0]);
  assert.deepEqual(encode(''), []);
  assert.equal(encode('abc'), null);
});

test('a merge of unknown tokens is refused', () => {
  assert.throws(() => createBytePairEncoder({ vocab: { a: 0, b: 1 }, merges: [['a', 'b']] }, 'run'), {
    code: 'mismatch',
    message:
      'run: expected every merge to be of tokens of the vocabulary, got merge 0 ("a" + "b") without the token "ab".',
  });
});

test('pieces of plain texts get the ids of Python', () => {
  const folder = path.join(repositoryRoot, 'tests/golden/qwen-tokenizer');
  const lines = fs.readFileSync(path.join(folder, 'merges.txt'), 'utf8').trim().split('\n').slice(1);
  const merges = lines.map((line) => line.split(' ') as [string, string]);
  const encode = createBytePairEncoder({ vocab: readJson(path.join(folder, 'vocab.json')), merges }, 'golden');
  const { cases } = readJson<{ cases: [string, number[]][] }>(path.join(folder, 'ids.json'));
  const plain = cases.filter(([text, ids]) => !/[<\u0085\ufeff]/.test(text) && ids.every((id) => id < 3000));
  assert.ok(plain.length > 400);
  for (const [text, ids] of plain) {
    const pieces = [...text.normalize('NFC').matchAll(new RegExp(PIECES, 'gu'))].map(([piece]) => piece);
    assert.deepEqual(
      pieces.flatMap((piece) => encode(bytesAsLetters(piece))),
      ids,
      JSON.stringify(text),
    );
  }
});

test('white space is Unicode’s, and letters without a byte are text', () => {
  const pieces = (text: string): string[] => [...text.matchAll(GPT2_PIECES)].map(([piece]) => piece);
  assert.deepEqual(pieces('a\u0085\u0085b'), ['a', '\u0085', '\u0085', 'b']);
  assert.deepEqual(pieces(' \ufeff!'), [' \ufeff!']);
  assert.deepEqual(pieces("it's 12  ok"), ['it', "'s", ' 12', ' ', ' ok']);
  assert.deepEqual([...bytesOfToken(bytesAsLetters('\u00e9 '))], [0xc3, 0xa9, 0x20]);
  assert.deepEqual([...bytesOfToken('\u0005')], [5]);
});
