/** @file Shipped files are found from the compiled module, and a missing one is named. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { shippedFile } from './shipped-file.ts';

test('a shipped file is found, a missing one is a clear error', () => {
  assert.ok(fs.statSync(shippedFile('tokenizers/tabletop/tokenizer.json')).size > 1000);
  assert.throws(() => shippedFile('tokenizers/none.json'), {
    code: 'not-found',
    message: /^assets: expected tokenizers\/none\.json in the package, got none at .*none\.json\.$/,
  });
});
