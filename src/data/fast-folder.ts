/** @file The folder of a FAST action tokenizer, in the layout of physical-intelligence/fast: read and written. */

import fs from 'node:fs';
import path from 'node:path';
import { readJson, writeFileAtomic } from '../base/files.ts';
import { createFastTokenizer, type FastTokenizer } from '../codec/action-tokens/fast.ts';

/**
 * Reads processor_config.json and tokenizer.json; the latter may lie in a folder `bpe_tokenizer`, where newer versions of
 * transformers save it. Throws `not-found` for a missing file, and `bad-data` or `mismatch` for one that does not fit.
 */
export function readFastFolder(folder: string): FastTokenizer {
  const nested = path.join(folder, 'bpe_tokenizer/tokenizer.json');
  const tokenizer = fs.existsSync(nested) ? nested : path.join(folder, 'tokenizer.json');
  const processorConfig = readJson(path.join(folder, 'processor_config.json'));
  return createFastTokenizer({ processorConfig, tokenizer: readJson(tokenizer) }, folder);
}

/** Writes processor_config.json, tokenizer.json and tokenizer_config.json. */
export function writeFastFolder(folder: string, tokenizer: FastTokenizer): void {
  const files = tokenizer.files();
  const write = (name: string, json: unknown): void =>
    writeFileAtomic(path.join(folder, name), `${JSON.stringify(json, null, 2)}\n`);
  write('tokenizer.json', files.tokenizer);
  write('tokenizer_config.json', files.tokenizerConfig);
  write('processor_config.json', files.processorConfig);
}
