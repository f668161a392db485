/** @file The test images of tools/golden/patterns.py. */

/** RGB bytes of an image of some size. */
export type Pattern = (width: number, height: number) => Uint8Array;

/** By the names that golden files use. */
export const PATTERNS: Readonly<Record<'noise' | 'edges', Pattern>> = {
  noise(width, height) {
    let state = 1;
    return new Uint8Array(width * height * 3).map(() => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
  },
  edges: (width, height) =>
    new Uint8Array(width * height * 3).map((_, i) => {
      const [x, y, c] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
      return ((Math.floor(x / 3) + Math.floor(y / 3) + c) % 2) * 255;
    }),
};
