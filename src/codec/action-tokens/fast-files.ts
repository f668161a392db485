/**
 * @file The files of a FAST tokenizer in Hugging Face's layout, read and written: processor_config.json (scale, range),
 * tokenizer.json (the byte-pair encoding) and tokenizer_config.json.
 */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { BytePairModel } from '../text-tokens/byte-pairs.ts';

/** The parsed contents of the three files. */
export interface FastFiles {
  readonly processorConfig: unknown;
  readonly tokenizer: unknown;
  /** Never read; written for Python's loader. */
  readonly tokenizerConfig?: unknown;
}

/** What a FAST tokenizer is made of. */
export interface FastModel {
  /** Coefficients are multiplied by it before they are rounded. */
  readonly scale: number;
  /** The rounded coefficient that becomes code point 0. */
  readonly minToken: number;
  /** The size that was asked for; tokens may be fewer. */
  readonly vocabularySize: number;
  /** Steps and dimensions of the chunks it was fitted for; null when it takes any. */
  readonly horizon: number | null;
  readonly dim: number | null;
  readonly pairs: BytePairModel;
}

const size = z.number().int().positive().nullable().default(null);
const processorSchema = z.object({
  scale: z.number().positive(),
  vocab_size: z.number().int().positive(),
  min_token: z.number().int(),
  time_horizon: size,
  action_dim: size,
});

const pair = z.tuple([z.string(), z.string()]).readonly();
const tokenizerSchema = z.object({
  normalizer: z.null().optional(),
  pre_tokenizer: z.object({
    type: z.literal('ByteLevel'),
    add_prefix_space: z.literal(false).optional(),
    use_regex: z.literal(true).optional(),
  }),
  model: z.object({
    type: z.literal('BPE').optional(),
    vocab: z.record(z.string(), z.number().int().min(0)),
    // Older files write a pair as one string with a space between.
    merges: z.union([z.array(pair), z.array(z.string().regex(/^\S+ \S+$/u))]).readonly(),
  }),
});

/** Checks the files and picks what encoding needs. Throws `bad-data` that names the fields; `where` names the folder. */
export function parseFastFiles({ processorConfig, tokenizer }: FastFiles, where: string): FastModel {
  const config = parse(processorSchema, processorConfig, `${where}/processor_config.json`);
  const { model } = parse(tokenizerSchema, tokenizer, `${where}/tokenizer.json`);
  const merges = model.merges.map((merge): readonly [string, string] => {
    if (typeof merge !== 'string') return merge;
    const space = merge.indexOf(' ');
    return [merge.slice(0, space), merge.slice(space + 1)];
  });
  return {
    scale: config.scale,
    minToken: config.min_token,
    vocabularySize: config.vocab_size,
    horizon: config.time_horizon,
    dim: config.action_dim,
    pairs: { vocab: model.vocab, merges },
  };
}

/** The contents of the three files; Python's `AutoProcessor` reads them beside processing_action_tokenizer.py. */
export function fastFiles({ scale, minToken, vocabularySize, horizon, dim, pairs }: FastModel): Required<FastFiles> {
  const byteLevel = { type: 'ByteLevel', add_prefix_space: true, use_regex: true };
  return {
    processorConfig: {
      action_dim: dim,
      auto_map: { AutoProcessor: 'processing_action_tokenizer.UniversalActionProcessor' },
      min_token: minToken,
      processor_class: 'UniversalActionProcessor',
      scale,
      time_horizon: horizon,
      vocab_size: vocabularySize,
    },
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { ...byteLevel, add_prefix_space: false, trim_offsets: true },
      post_processor: { ...byteLevel, trim_offsets: false },
      decoder: { ...byteLevel, trim_offsets: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: pairs.vocab,
        merges: pairs.merges,
      },
    },
    tokenizerConfig: {
      added_tokens_decoder: {},
      clean_up_tokenization_spaces: false,
      processor_class: 'UniversalActionProcessor',
      tokenizer_class: 'PreTrainedTokenizerFast',
    },
  };
}

function parse<T>(schema: z.ZodType<T>, json: unknown, file: string): T {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issues = result.error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || '(whole)'}: ${message}`);
  throw new VlaError('bad-data', `${file}: expected a file of a FAST action tokenizer, got ${issues.join('; ')}.`, {
    cause: result.error,
    hint: 'Use processor_config.json and tokenizer.json of one FAST tokenizer, as its fit saved them.',
  });
}
