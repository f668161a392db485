/** @file The replay of the codec's golden numbers, in Node; a browser plays the same files with the same function. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { CODEC_GOLDEN_FILES, replayCodec, type CodecGolden } from './codec-replay.ts';
import { repositoryRoot } from './shared-data.ts';

test('images, patches, action tokens and text tokens equal the published models’ own', async () => {
  const texts = CODEC_GOLDEN_FILES.map((file) => [
    file,
    fs.readFileSync(path.join(repositoryRoot, 'tests/golden', file), 'utf8'),
  ]);
  const { compared, differences } = await replayCodec(Object.fromEntries(texts) as CodecGolden);
  assert.deepEqual(differences, []);
  assert.ok(compared > 4400, `${compared} comparisons`);
});
