/** @file The images of tests/golden/resize.json, resized anew; in Node and in browsers. */

import { createResizer, type ResizeFilter } from '../src/codec/resize.ts';

/** What tools/golden/codec-images.py wrote: what Pillow gives. */
export interface ResizeGolden {
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

/** Each case with our bytes, once by the WebAssembly kernel and once in plain TypeScript. */
export function* resizedImages({ cases }: ResizeGolden): Generator<{
  readonly where: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly wanted: ResizeGolden['cases'][number];
}> {
  for (const wanted of cases) {
    const { from, to, pattern, filter } = wanted;
    for (const engine of ['auto', 'plain'] as const) {
      const bytes = new Uint8Array(to[0] * to[1] * 3);
      const resize = createResizer(...from, ...to, filter, engine);
      // Twice: the tables and the scratch memory are kept between images.
      resize(PATTERNS.edges(...from), bytes);
      resize(PATTERNS[pattern](...from), bytes);
      yield { where: `${from.join('×')} → ${to.join('×')} ${filter} ${pattern} ${engine}`, bytes, wanted };
    }
  }
}
