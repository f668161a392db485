/** @file The tokenizer that ships with the package, for tests. */

import { readJson } from '../src/base/files.ts';
import { shippedFile } from '../src/base/shipped-file.ts';
import { createTextTokenizer, type TextTokenizer } from '../src/codec/text-tokens/text-tokenizer.ts';

/** Opens assets/tokenizers/tabletop. */
export function tabletopTokenizer(): TextTokenizer {
  const file = shippedFile('tokenizers/tabletop/tokenizer.json');
  const config = readJson(shippedFile('tokenizers/tabletop/tokenizer_config.json'));
  return createTextTokenizer(readJson(file), config, file);
}
