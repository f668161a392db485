/** @file The folder of a FAST tokenizer: the way there and back, both layouts, a missing file. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { repositoryRoot } from '../../tests/shared-data.ts';
import { readFastFolder, writeFastFolder } from './fast-folder.ts';

test('a folder holds a tokenizer, flat or nested', () => {
  const golden = readFastFolder(path.join(repositoryRoot, 'tests/golden/fast'));
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-fast-'));
  try {
    writeFastFolder(folder, golden);
    assert.deepEqual(readFastFolder(folder).model, golden.model);
    fs.mkdirSync(path.join(folder, 'bpe_tokenizer'));
    fs.renameSync(path.join(folder, 'tokenizer.json'), path.join(folder, 'bpe_tokenizer/tokenizer.json'));
    assert.deepEqual(readFastFolder(folder).model, golden.model);
    fs.rmSync(path.join(folder, 'bpe_tokenizer'), { recursive: true });
    assert.throws(() => readFastFolder(folder), { code: 'not-found', message: /tokenizer\.json/ });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
