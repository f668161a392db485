/**
 * @file The tokens that published models added to Qwen's vocabularies, as data; numbers to token ids and back; and the
 * check that a tokenizer has them where the weights expect them.
 */

import { VlaError } from '../../base/errors.ts';
import type { TextTokenizer } from './text-tokenizer.ts';

/** Tokens whose ids run on from `first`. */
export interface TokenBlock {
  readonly first: number;
  readonly tokens: readonly string[];
}

const numbered = (first: number, count: number, name: (k: number) => string): TokenBlock => ({
  first,
  tokens: Array.from({ length: count }, (_, k) => name(k)),
});

/** Tokens, of which none holds a space. */
const words = (...lines: readonly string[]): string[] => lines.join(' ').split(' ');

const QWEN_TOKENS = words(
  '<|endoftext|> <|im_start|> <|im_end|> <|object_ref_start|> <|object_ref_end|> <|box_start|>',
  '<|box_end|> <|quad_start|> <|quad_end|> <|vision_start|> <|vision_end|> <|vision_pad|>',
  '<|image_pad|> <|video_pad|> <tool_call> </tool_call> <|fim_prefix|> <|fim_middle|>',
  '<|fim_suffix|> <|fim_pad|> <|repo_name|> <|file_sep|> <tool_response> </tool_response>',
  '<think> </think>',
);

/** Qwen3 and Qwen3-VL (Xiaomi-Robotics-0 adds none): 151643 to 151668. */
export const QWEN3_ADDED: TokenBlock = { first: 151_643, tokens: QWEN_TOKENS };

/** Qwen3.5: the same names from 248044 on; seven more of its own, 248070 to 248076, are not listed. */
export const QWEN35_ADDED: TokenBlock = { first: 248_044, tokens: QWEN_TOKENS };

/** DM0, after Qwen3's: the specials of its base model. Only `<im_patch>` is used, in its chat template. */
export const DM0_BASE: TokenBlock = {
  first: 151_669,
  tokens: words(
    '<|EOT|> <|BOT|> <|CALL_START|> <|CALL_END|> <|THINK_START|> <|THINK_END|> <|IMG_START|>',
    '<|IMG_END|> <|META_START|> <|META_END|> <im_patch> <im_start> <im_end> <dream>',
    '<dream_start> <dream_end> <|MASK_1e69f|> <|UNMASK_1e69f|> <video_start> <video_end>',
    '<patch_start> <patch_end> <patch_newline> <｜begin▁of▁sentence｜> <｜begin▁of▁mask｜>',
    '<｜end▁of▁mask｜> <｜fim▁begin｜> <｜fim▁hole｜> <｜end▁of▁sentence｜>',
  ),
};

/** DM0: its 255 uniform action bins. */
export const DM0_ACTION_BINS = numbered(151_698, 255, (k) => `<action_${k}>`);

/** DM0: which robot acts. */
export const DM0_ROBOTS: TokenBlock = {
  first: 151_953,
  tokens: words(
    'ur5 franka aloha r1_lite arx5 umi z1 g1 realman_756f widowx kuka xarm',
    'google_robot stretch sawyer jaco2 fanuc_mate dlr_edan',
  ).map((robot) => `<robot_${robot}>`),
};

/** DM0: what its actions move. */
export const DM0_CONTROL: TokenBlock = { first: 151_971, tokens: ['<eef_control>', '<joint_control>'] };

/** DM0: one token per pixel of its 728-pixel images' sides, so coordinates we think; the open code never uses them. */
export const DM0_COORDINATES = numbered(151_973, 728, (k) => `<action>${k}</action>`);

/** ZR-0, after Qwen3's: 2048 FAST tokens. */
export const ZR0_ACTIONS = numbered(151_669, 2048, (k) => `<robot_action_${k}>`);

/** ZR-0: around a sub-task. */
export const ZR0_SUB_TASK: TokenBlock = { first: 153_717, tokens: ['<SUB_TASK>', '</SUB_TASK>'] };

/** FAST tokens on top of Qwen3.5, where starVLA puts them; Qwen-VLA's paper names none. */
export const QWEN35_ACTIONS = numbered(248_077, 2048, (k) => `<robot_action_${k}>`);

/** All that a published model adds, in the order of ids. */
export const ADDED_TOKENS = {
  dm0: [QWEN3_ADDED, DM0_BASE, DM0_ACTION_BINS, DM0_ROBOTS, DM0_CONTROL, DM0_COORDINATES],
  'xiaomi-robotics-0': [QWEN3_ADDED],
  'qwen-vla': [QWEN35_ADDED, QWEN35_ACTIONS],
  'zr-0': [QWEN3_ADDED, ZR0_ACTIONS, ZR0_SUB_TASK],
} as const satisfies Readonly<Record<string, readonly TokenBlock[]>>;

/** The vocabulary id of the `index`-th token of a block; throws `bad-argument` outside it. */
export function blockTokenId(block: TokenBlock, index: number): number {
  if (Number.isInteger(index) && index >= 0 && index < block.tokens.length) return block.first + index;
  throw new VlaError(
    'bad-argument',
    `${block.tokens[0]} …: expected a number from 0 to ${block.tokens.length - 1}, got ${index}.`,
    { hint: 'The tokenizer of actions is larger than the block that the model has for its tokens.' },
  );
}

/** The place in its block of a vocabulary id; null for ids of other tokens. */
export function blockTokenIndex(block: TokenBlock, id: number): number | null {
  const index = id - block.first;
  return Number.isInteger(index) && index >= 0 && index < block.tokens.length ? index : null;
}

/** The places of those ids that belong to the block, in order: action tokens out of a generated text. */
export function blockTokensIn(block: TokenBlock, ids: Iterable<number>): number[] {
  return Array.from(ids, (id) => blockTokenIndex(block, id)).filter((index) => index !== null);
}

/**
 * Throws `mismatch` unless the tokenizer has the tokens of every block as single tokens with their ids; `where` names
 * its file.
 */
export function requireAddedTokens(tokenizer: TextTokenizer, blocks: readonly TokenBlock[], where: string): void {
  for (const { first, tokens } of blocks) {
    for (const [k, token] of tokens.entries()) {
      const ids = tokenizer.encode(token);
      if (ids.length === 1 && ids[0] === first + k) continue;
      const got = ids.length === 1 ? `id ${ids[0]}` : `${ids.length} tokens`;
      throw new VlaError('mismatch', `${where}: expected the token "${token}" with id ${first + k}, got ${got}.`, {
        hint: 'Use the tokenizer of the checkpoint itself, not that of the model it started from.',
      });
    }
  }
}

/** Throws `mismatch` when the tokenizer knows ids beyond the `rows` of an embedding; `where` names its file. */
export function requireVocabulary(tokenizer: TextTokenizer, rows: number, where: string): void {
  // Fewer tokens than rows are usual: Qwen's embeddings have spare rows.
  if (tokenizer.vocabularySize <= rows) return;
  throw new VlaError(
    'mismatch',
    `${where}: expected at most ${rows} tokens, the rows of the embedding, got ${tokenizer.vocabularySize}.`,
    { hint: 'Tokenizer and weights belong to different models: take both from one checkpoint.' },
  );
}
