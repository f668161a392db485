/**
 * @file Training a small byte-level BPE tokenizer from texts. The same texts give the same tokenizer on every machine.
 */

import { VlaError } from '../../base/errors.ts';
import { BYTE_LETTERS, PIECES } from './byte-level.ts';
import { learnMerges, type Piece } from './learn-merges.ts';

/** What a tokenizer is trained from. */
export interface BpeTraining {
  /** The texts, in any order; repeat a text to give it more weight. */
  readonly texts: Iterable<string>;
  /** Tokens in all: 256 bytes, the merges, and the special tokens. Fewer when the texts offer no more pairs. */
  readonly vocabularySize: number;
  /** Tokens that text may contain whole; they get the last ids. */
  readonly specialTokens: readonly string[];
}

/** The contents of tokenizer.json and tokenizer_config.json, in Hugging Face's format. */
export interface TokenizerFiles {
  readonly tokenizer: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Trains a tokenizer. Ids: bytes 0 to 255 by value, merges in the order found, special tokens. */
export function trainBpe({ texts, vocabularySize, specialTokens }: BpeTraining): TokenizerFiles {
  const mergeCount = vocabularySize - 256 - specialTokens.length;
  if (mergeCount < 0) {
    throw new VlaError(
      'bad-argument',
      `trainBpe: expected a vocabulary of at least ${256 + specialTokens.length} tokens, got ${vocabularySize}.`,
      { hint: 'It holds 256 bytes and the special tokens before any merge.' },
    );
  }
  const pieces = countPieces(texts, specialTokens);
  const tokens = [...BYTE_LETTERS];
  const merges = learnMerges(pieces, tokens, 256 + mergeCount);
  return tokenizerFiles(tokens, merges, specialTokens);
}

function countPieces(texts: Iterable<string>, specialTokens: readonly string[]): Piece[] {
  const counts = new Map<string, number>();
  const cut = new RegExp(PIECES, 'gu');
  for (const text of texts) {
    for (const part of splitSpecial(text.normalize('NFC'), specialTokens)) {
      for (const [piece] of part.matchAll(cut)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
    }
  }
  const encoder = new TextEncoder();
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([piece, count]) => ({ ids: [...encoder.encode(piece)], count }));
}

/** The text between special tokens; these never take part in merges. */
function splitSpecial(text: string, specialTokens: readonly string[]): string[] {
  return specialTokens.reduce<string[]>((parts, token) => parts.flatMap((part) => part.split(token)), [text]);
}

function tokenizerFiles(
  tokens: readonly string[],
  merges: readonly (readonly [string, string])[],
  specialTokens: readonly string[],
): TokenizerFiles {
  const addedToken = (content: string) => ({
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const added = specialTokens.map((content, i) => ({ id: tokens.length + i, ...addedToken(content) }));
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: { type: 'NFC' },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: PIECES }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
        ],
      },
      post_processor: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges,
      },
    },
    config: {
      tokenizer_class: 'Qwen2Tokenizer',
      added_tokens_decoder: Object.fromEntries(added.map(({ id, content }) => [String(id), addedToken(content)])),
      additional_special_tokens: specialTokens,
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      split_special_tokens: false,
      errors: 'replace',
      model_max_length: 4096,
      bos_token: null,
      unk_token: null,
      ...(specialTokens.includes('<|im_end|>') ? { eos_token: '<|im_end|>' } : {}),
      ...(specialTokens.includes('<|pad|>') ? { pad_token: '<|pad|>' } : {}),
    },
  };
}
