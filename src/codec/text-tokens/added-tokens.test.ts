/** @file Added tokens: the ids that the published models use, numbers and back, tokenizers that do not fit. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { tabletopTokenizer } from '../../../tests/tabletop-tokenizer.ts';
import { readJson } from '../../base/files.ts';
import {
  ADDED_TOKENS,
  DM0_ACTION_BINS,
  DM0_CONTROL,
  DM0_ROBOTS,
  QWEN35_ACTIONS,
  QWEN35_ADDED,
  QWEN3_ADDED,
  ZR0_ACTIONS,
  ZR0_SUB_TASK,
  blockTokenId,
  blockTokenIndex,
  blockTokensIn,
  requireAddedTokens,
  requireVocabulary,
  type TokenBlock,
} from './added-tokens.ts';
import { tokenizerFromSlowFiles } from './slow-files.ts';
import { createTextTokenizer, type TextTokenizer } from './text-tokenizer.ts';

const folder = path.join(repositoryRoot, 'tests/golden/qwen-tokenizer');

/** The golden vocabulary with the blocks as added tokens; ids between are left free. */
function tokenizerWith(blocks: readonly TokenBlock[]): TextTokenizer {
  const added = blocks.flatMap(({ first, tokens }) =>
    tokens.map((content, k): [string, object] => [String(first + k), { content, special: true }]),
  );
  const config = { tokenizer_class: 'Qwen2Tokenizer', added_tokens_decoder: Object.fromEntries(added) };
  const vocab = readJson(path.join(folder, 'vocab.json'));
  const merges = fs.readFileSync(path.join(folder, 'merges.txt'), 'utf8');
  const made = tokenizerFromSlowFiles({ vocab, merges, config }, 'run');
  return createTextTokenizer(made.tokenizer, made.config, 'run/tokenizer.json');
}

test('ids are those of the published configurations', () => {
  const id = (block: TokenBlock, token: string): number => block.first + block.tokens.indexOf(token);
  assert.equal(id(QWEN3_ADDED, '<|im_start|>'), 151644);
  assert.equal(id(QWEN3_ADDED, '<|vision_start|>'), 151652);
  assert.equal(id(QWEN3_ADDED, '<|image_pad|>'), 151655);
  assert.equal(id(QWEN3_ADDED, '</think>'), 151668);
  assert.equal(id(QWEN35_ADDED, '<|im_end|>'), 248046);
  assert.equal(id(QWEN35_ADDED, '<|image_pad|>'), 248056);
  assert.equal(id(DM0_ROBOTS, '<robot_dlr_edan>'), 151970);
  assert.equal(id(DM0_CONTROL, '<joint_control>'), 151972);
  assert.equal(id(ZR0_SUB_TASK, '</SUB_TASK>'), 153718);
  assert.equal(blockTokenId(ZR0_ACTIONS, 2047), 153716);
  assert.equal(blockTokenId(DM0_ACTION_BINS, 254), 151952);
  assert.equal(blockTokenId(QWEN35_ACTIONS, 0), 248077);
});

test('blocks of a model follow one another, and DM0 ends with its 152,701 rows', () => {
  for (const blocks of Object.values(ADDED_TOKENS)) {
    const names = blocks.flatMap(({ tokens }) => tokens);
    assert.equal(new Set(names).size, names.length);
    for (const [i, { first }] of blocks.entries()) {
      const before = blocks[i - 1];
      // Qwen3.5 has seven tokens more that no model here uses.
      if (before !== undefined) assert.ok([0, 7].includes(first - before.first - before.tokens.length));
    }
  }
  const { first, tokens } = ADDED_TOKENS.dm0.at(-1)!;
  assert.equal(first + tokens.length, 152_701);
});

test('numbers become ids and come back; other ids are no numbers', () => {
  for (const k of [0, 1, 2047]) assert.equal(blockTokenIndex(ZR0_ACTIONS, blockTokenId(ZR0_ACTIONS, k)), k);
  assert.equal(blockTokenIndex(ZR0_ACTIONS, 151668), null);
  assert.equal(blockTokenIndex(ZR0_ACTIONS, 153717), null);
  assert.deepEqual(blockTokensIn(ZR0_ACTIONS, [151644, 151669, 198, 151672, 151645]), [0, 3]);
  assert.throws(() => blockTokenId(DM0_ACTION_BINS, 255), {
    code: 'bad-argument',
    message: '<action_0> …: expected a number from 0 to 254, got 255.',
  });
});

test('a tokenizer with the added tokens passes, each one a single token inside text', () => {
  for (const blocks of Object.values(ADDED_TOKENS)) {
    const tokenizer = tokenizerWith(blocks);
    requireAddedTokens(tokenizer, blocks, 'run/tokenizer.json');
    const last = blocks.at(-1)!;
    const text = `a${last.tokens[0]}${last.tokens.at(-1)!}b`;
    assert.deepEqual(tokenizer.encode(text).slice(1, -1), [last.first, last.first + last.tokens.length - 1]);
  }
});

test('a tokenizer of another model is refused with the first token that differs', () => {
  const base = tokenizerWith([QWEN3_ADDED]);
  assert.throws(() => requireAddedTokens(base, ADDED_TOKENS['zr-0'], 'run/tokenizer.json'), {
    code: 'mismatch',
    message: /^run\/tokenizer\.json: expected the token "<robot_action_0>" with id 151669, got \d+ tokens\.$/,
  });
  const moved = tokenizerWith([QWEN3_ADDED, { ...ZR0_ACTIONS, first: 151_670 }]);
  assert.throws(() => requireAddedTokens(moved, [ZR0_ACTIONS], 'run/tokenizer.json'), {
    code: 'mismatch',
    message: 'run/tokenizer.json: expected the token "<robot_action_0>" with id 151669, got id 151670.',
  });
});

test('a tokenizer with more tokens than the embedding has rows is refused', () => {
  const tokenizer = tabletopTokenizer();
  requireVocabulary(tokenizer, 569, 'run/tokenizer.json');
  requireVocabulary(tokenizer, 640, 'run/tokenizer.json');
  assert.throws(() => requireVocabulary(tokenizer, 568, 'run/tokenizer.json'), {
    code: 'mismatch',
    message: 'run/tokenizer.json: expected at most 568 tokens, the rows of the embedding, got 569.',
  });
});
