/** @file Resizing: bit for bit what Pillow gives, for 64 combinations of sizes, filters and patterns. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import test from 'node:test';
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

/** The patterns of tools/golden/codec-images.py. */
const PATTERNS = {
  noise(width: number, height: number): Uint8Array {
    let state = 1;
    return new Uint8Array(width * height * 3).map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
  },
  edges: (width: number, height: number): Uint8Array =>
    new Uint8Array(width * height * 3).map((_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
      return ((Math.floor(x / 3) + Math.floor(y / 3) + c) % 2) * 255;
    }),
};

test('bilinear and bicubic equal Pillow in every byte', () => {
  const { cases } = readJson<Golden>(path.join(repositoryRoot, 'tests/golden/resize.json'));
  assert.equal(cases.length, 64);
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
