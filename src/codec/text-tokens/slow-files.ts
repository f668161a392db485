/**
 * @file The "slow" files of a Qwen tokenizer (vocab.json, merges.txt, tokenizer_config.json) as the contents of a
 * tokenizer.json. DM0's checkpoints carry only these.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { TokenizerFiles } from './train-bpe.ts';

/** The contents of the files; JSON is parsed, merges.txt is text. */
export interface SlowTokenizerFiles {
  readonly vocab: unknown;
  readonly merges: string;
  readonly config: unknown;
  /** added_tokens.json: only read when tokenizer_config.json has no `added_tokens_decoder`, as in old checkpoints. */
  readonly addedTokens?: unknown;
}

/** Qwen's cut of text: contractions, words with one leading sign, single digits, signs, line ends, spaces. */
const cut = (letters: string, signs: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?${letters}+|\\p{N}| ?${signs}+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

/** The cut of each tokenizer class; Qwen3.5 counts combining marks as letters. */
const CUTS: Readonly<Record<string, string>> = {
  Qwen2Tokenizer: cut('\\p{L}', '[^\\s\\p{L}\\p{N}]'),
  Qwen3_5Tokenizer: cut('[\\p{L}\\p{M}]', '[^\\s\\p{L}\\p{M}\\p{N}]'),
};

const flag = z.boolean().default(false);
const vocabSchema = z.record(z.string(), z.number().int().min(0));
const tokenSchema = z.object({
  content: z.string(),
  single_word: flag,
  lstrip: flag,
  rstrip: flag,
  normalized: flag,
  special: flag,
});
const configSchema = z.looseObject({
  tokenizer_class: z.string(),
  add_prefix_space: z.literal(false).nullish(),
  added_tokens_decoder: z.record(z.string().regex(/^\d+$/), tokenSchema).optional(),
  additional_special_tokens: z.array(z.string()).nullish(),
});

type AddedToken = z.infer<typeof tokenSchema> & { readonly id: number };

/**
 * The contents of tokenizer.json and tokenizer_config.json. Throws `bad-data` for files that are none, `unsupported`
 * for another tokenizer than Qwen's, `mismatch` when two tokens claim one id; `where` names the folder.
 */
export function tokenizerFromSlowFiles(files: SlowTokenizerFiles, where: string): TokenizerFiles {
  const vocab = parse(vocabSchema, files.vocab, `${where}/vocab.json`);
  const config = parse(configSchema, files.config, `${where}/tokenizer_config.json`);
  const pattern = CUTS[config.tokenizer_class.replace(/Fast$/, '')];
  if (pattern === undefined) {
    throw new VlaError(
      'unsupported',
      `${where}/tokenizer_config.json: expected tokenizer_class ${Object.keys(CUTS).join(' or ')}, got ` +
        `"${config.tokenizer_class}".`,
      { hint: 'Save the tokenizer from Python as tokenizer.json, which says itself how text is cut.' },
    );
  }
  const special = new Set(config.additional_special_tokens);
  for (const role of ['bos_token', 'eos_token', 'pad_token', 'unk_token']) {
    const token = config[role];
    if (typeof token === 'string') special.add(token);
  }
  const added = config.added_tokens_decoder
    ? Object.entries(config.added_tokens_decoder).map(([id, token]) => ({ id: Number(id), ...token }))
    : oldAddedTokens(files.addedTokens ?? {}, special, where);
  requireFreeIds(vocab, added, where);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added.sort((a, b) => a.id - b.id),
      normalizer: { type: 'NFC' },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, byteLevel],
      },
      post_processor: byteLevel,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab,
        merges: parseMerges(files.merges, vocab, where),
      },
    },
    config: files.config as Readonly<Record<string, unknown>>,
  };
}

/** The pairs of merges.txt, one a line after an optional `#version` line. */
function parseMerges(text: string, vocab: Readonly<Record<string, number>>, where: string): [string, string][] {
  const lines = text.split('\n');
  const first = lines[0]!.startsWith('#version') ? 1 : 0;
  return lines.slice(first).flatMap((line, i): [string, string][] => {
    const pair = line.replace(/\r$/, '');
    if (pair === '') return [];
    const [left, right, rest] = pair.split(' ');
    const tokens = [left!, right ?? '', left! + (right ?? '')];
    if (rest === undefined && tokens.every((token) => Object.hasOwn(vocab, token))) return [[left!, right!]];
    throw new VlaError(
      'mismatch',
      `${where}/merges.txt: expected two tokens of the vocabulary that make a third in line ${i + first + 1}, got ` +
        `"${pair}".`,
      { hint: 'vocab.json and merges.txt belong to different tokenizers, or one was cut off: take both anew.' },
    );
  });
}

function oldAddedTokens(json: unknown, special: ReadonlySet<string>, where: string): AddedToken[] {
  const ids = parse(vocabSchema, json, `${where}/added_tokens.json`);
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return Object.entries(ids).map(([content, id]) => ({ id, content, ...plain, special: special.has(content) }));
}

function requireFreeIds(vocab: Readonly<Record<string, number>>, added: readonly AddedToken[], where: string): void {
  const owner = new Map(Object.entries(vocab).map(([token, id]) => [id, token]));
  for (const { id, content } of added) {
    const other = owner.get(id);
    if (other !== undefined && other !== content) {
      throw new VlaError(
        'mismatch',
        `${where}: expected one token for the id ${id}, got "${other}" in vocab.json and the added token "${content}".`,
        { hint: 'vocab.json and tokenizer_config.json belong to different tokenizers: take both from one folder.' },
      );
    }
    owner.set(id, content);
  }
}

function parse<T>(schema: z.ZodType<T>, json: unknown, file: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || '(whole)'}: ${message}`);
  throw new VlaError('bad-data', `${file}: expected a file of a Qwen tokenizer, got ${issues.join('; ')}.`, {
    cause: result.error,
    hint: 'The file is damaged or of another kind; fetch it again.',
  });
}
