/** @file The tokenizer of a published folder: which files there are, and whether its tokens fit the model's vocabulary. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';

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

function highest(ids: readonly number[]): number {
  return ids.reduce((max, id) => Math.max(max, id), -1);
}
