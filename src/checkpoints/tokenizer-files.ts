/** @file The tokenizer of a published folder: which files there are, and whether its tokens fit the model's vocabulary. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { fileError, readJson } from '../base/files.ts';
import { tokenizerFromSlowFiles } from '../codec/text-tokens/slow-files.ts';

/** What the files say. */
export interface TokenizerFiles {
  readonly files: readonly string[];
  /** One more than the highest token id, added tokens included. */
  readonly tokens: number;
}

type Ids = Readonly<Record<string, number>>;

/** `tokenizer.json`. */
interface TokenizerJson {
  readonly model?: { readonly vocab?: Ids };
  readonly added_tokens?: readonly { readonly id: number }[];
}

/** Reads `tokenizer.json`, or `vocab.json` and `added_tokens.json` (which a newer `tokenizer_config.json` lists too); null: none. */
export function readTokenizerFiles(folder: string): TokenizerFiles | null {
  const has = (name: string): boolean => fs.existsSync(path.join(folder, name));
  const json = <T>(name: string): T => readJson<T>(path.join(folder, name));
  const files = ['tokenizer.json', 'vocab.json', 'merges.txt', 'added_tokens.json', 'tokenizer_config.json'].filter(
    has,
  );
  const ids: number[] = [];
  if (has('tokenizer.json')) {
    const { model, added_tokens: added } = json<TokenizerJson>('tokenizer.json');
    ids.push(highest(Object.values(model?.vocab ?? {})), highest((added ?? []).map(({ id }) => id)));
  } else if (has('vocab.json')) {
    ids.push(highest(Object.values(json<Ids>('vocab.json'))));
    if (has('added_tokens.json')) ids.push(highest(Object.values(json<Ids>('added_tokens.json'))));
    if (has('tokenizer_config.json')) {
      const { added_tokens_decoder: added } = json<{ added_tokens_decoder?: object }>('tokenizer_config.json');
      ids.push(highest(Object.keys(added ?? {}).map(Number)));
    }
  } else {
    return null;
  }
  return { files, tokens: highest(ids) + 1 };
}

/** Throws `mismatch` when the tokenizer has ids for which the token embedding of `vocabulary` rows has none. */
export function requireVocabulary(folder: string, { files, tokens }: TokenizerFiles, vocabulary: number): void {
  if (tokens <= vocabulary) return;
  throw new VlaError(
    'mismatch',
    `${path.join(folder, files[0]!)}: expected token ids below ${vocabulary} (rows of the embedding), got ${tokens - 1}.`,
    { hint: 'The tokenizer belongs to another model, or the embedding was not grown for its added tokens.' },
  );
}

/**
 * The contents of tokenizer.json and tokenizer_config.json, made from vocab.json and merges.txt where a folder has only these.
 * Throws `not-found` when it has neither.
 */
export function readTokenizer(folder: string): { readonly tokenizer: unknown; readonly config: unknown } {
  const at = (name: string): string => path.join(folder, name);
  const optional = (name: string): unknown => (fs.existsSync(at(name)) ? readJson(at(name)) : undefined);
  const config = optional('tokenizer_config.json') ?? {};
  if (fs.existsSync(at('tokenizer.json'))) return { tokenizer: readJson(at('tokenizer.json')), config };
  if (!fs.existsSync(at('vocab.json'))) {
    throw new VlaError('not-found', `${folder}: expected tokenizer.json, or vocab.json and merges.txt, got neither.`, {
      hint: 'Fetch the tokenizer of the checkpoint into its folder.',
    });
  }
  const addedTokens = optional('added_tokens.json');
  const files = { vocab: readJson(at('vocab.json')), merges: readText(at('merges.txt')), config, addedTokens };
  return tokenizerFromSlowFiles(files, folder);
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}

function highest(ids: readonly number[]): number {
  return ids.reduce((max, id) => Math.max(max, id), -1);
}
