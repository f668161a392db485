/** @file Resizing: bit for bit what Pillow gives, for 136 combinations of sizes, filters and patterns. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import test from 'node:test';
import { PATTERNS } from '../../tests/image-patterns.ts';
import { repositoryRoot } from '../../tests/shared-data.ts';
import { readJson } from '../base/files.ts';
import { createResizeKernel } from './resize-kernel.ts';
import { createResizer, type ResizeFilter } from './resize.ts';

interface Golden {
  readonly cases: readonly {
    readonly from: [number, number];
    readonly to: [number, number];
    readonly pattern: 'noise' | 'edges';
    readonly filter: ResizeFilter;
    readonly sha256: string;
    readonly first: readonly number[];
  }[];
}

test('bilinear and bicubic equal Pillow in every byte', () => {
  const { cases } = readJson<Golden>(path.join(repositoryRoot, 'tests/golden/resize.json'));
  assert.equal(cases.length, 136);
  for (const { from, to, pattern, filter, sha256, first } of cases) {
    for (const engine of ['auto', 'plain'] as const) {
      const out = new Uint8Array(to[0] * to[1] * 3);
      const resize = createResizer(...from, ...to, filter, engine);
      // Twice: the tables and the scratch memory are kept between images.
      resize(PATTERNS.edges(...from), out);
      resize(PATTERNS[pattern](...from), out);
      const where = `${from.join('×')} → ${to.join('×')} ${filter} ${pattern} ${engine}`;
      assert.deepEqual([...out.subarray(0, first.length)], first, where);
      assert.equal(createHash('sha256').update(out).digest('hex'), sha256, where);
    }
  }
});

test('this machine has the WebAssembly kernel, so both ways are tested', () => {
  assert.notEqual(createResizeKernel(22, 1), null);
});

test('a size of zero is refused', () => {
  assert.throws(() => createResizer(4, 4, 0, 4, 'bilinear'), { code: 'bad-argument', message: /4×4 → 0×4/ });
});
