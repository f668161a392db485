/** @file Training a tokenizer: the merges of a small example, and the shipped files from the shipped script. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { BYTE_LETTERS } from './byte-level.ts';
import { createTextTokenizer } from './text-tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

/** The merges of tokenizer files. */
function mergesOf(tokenizer: Readonly<Record<string, unknown>>): string[] {
  return (tokenizer['model'] as { merges: [string, string][] }).merges.map((pair) => pair.join('+'));
}

test('the most frequent pair is merged first, the oldest tokens first among equals', () => {
  const texts = ['low low low low low', 'lower lower', 'newest newest newest newest newest newest'];
  const { tokenizer } = trainBpe({ texts, vocabularySize: 256 + 7, specialTokens: [] });
  // "we" occurs 8 times, "lo" 7; then five pairs of "newest" occur 6 times, of which "e" is the oldest token.
  assert.deepEqual(mergesOf(tokenizer).slice(0, 3), ['w+e', 'l+o', 'e+we']);
});

test('a trained tokenizer opens, splits nothing special, and merges across no piece', () => {
  const { tokenizer, config } = trainBpe({
    texts: Array.from({ length: 20 }, () => '<|x|>lift it<|x|>lift it'),
    vocabularySize: 400,
    specialTokens: ['<|x|>'],
  });
  const opened = createTextTokenizer(tokenizer, config, 'test');
  const pieces = opened.encode('<|x|>lift it').map((id) => opened.decode([id]));
  assert.deepEqual(pieces, ['<|x|>', 'lift', ' it']);
  // It ends when no pair is left, far below 400.
  assert.equal(mergesOf(tokenizer).length, 5);
  assert.deepEqual(opened.encode('\u00e9').length, 2);
});

test('every byte has its own printable letter', () => {
  assert.equal(new Set(BYTE_LETTERS).size, 256);
  assert.equal(BYTE_LETTERS[0x20], '\u0120');
  assert.equal(BYTE_LETTERS[0x0a], '\u010a');
  assert.ok(BYTE_LETTERS.every((letter) => /^[^\s\p{C}]$/u.test(letter)));
});

test('a vocabulary smaller than the bytes is refused', () => {
  assert.throws(() => trainBpe({ texts: [], vocabularySize: 256, specialTokens: ['<|x|>'] }), {
    code: 'bad-argument',
    message: 'trainBpe: expected a vocabulary of at least 257 tokens, got 256.',
  });
});

test('the script makes the shipped tokenizer, byte for byte', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-tokenizer-'));
  try {
    const { status, stderr } = spawnSync(process.execPath, ['tools/train-tokenizer.mjs', folder], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    for (const file of ['tokenizer.json', 'tokenizer_config.json']) {
      const shipped = fs.readFileSync(path.join(repositoryRoot, 'assets/tokenizers/tabletop', file), 'utf8');
      assert.equal(fs.readFileSync(path.join(folder, file), 'utf8'), shipped);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
