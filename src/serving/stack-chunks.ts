/** @file Chunks of one batch as one array. */

import { VlaError } from '../base/errors.ts';
import type { ActionChunk } from '../interfaces/action-chunk.ts';
import { NumericArray } from '../base/numeric-array.ts';

/** All chunks as f4 [batch, horizon, dim]; throws `bad-shape` when they differ in size. */
export function stackChunks(chunks: readonly ActionChunk[]): NumericArray {
  const { horizon, dim } = chunks[0]!;
  const data = new Float32Array(chunks.length * horizon * dim);
  chunks.forEach((chunk, i) => {
    if (chunk.horizon !== horizon || chunk.dim !== dim) {
      throw new VlaError('bad-shape', `actions: expected chunks of one size, got ${chunk.horizon} × ${chunk.dim}.`, {
        hint: 'Ask for one observation at a time.',
      });
    }
    data.set(chunk.data, i * horizon * dim);
  });
  return NumericArray.ofFloats(data, [chunks.length, horizon, dim]);
}
