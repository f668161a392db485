/** @file From samples to pixels: each pixel is the mean of its four samples, each distinct triangle coloured once. */

import { ROWS } from './samples.ts';
import type { Samples } from './samples.ts';
import type { TriangleShader } from './shade.ts';
import type { SkyShader } from './sky.ts';

/** Writes width × height × 3 bytes. */
export function resolve(samples: Samples, shader: TriangleShader, sky: SkyShader, out: Uint8Array): void {
  const { width, height, triangleId } = samples;
  for (let y = 0; y < height; y++) {
    const row = 3 * y * width;
    for (let x = 0; x < width; x++) {
      const sample = ROWS * y * width + x;
      const a = triangleId[sample]!;
      const b = triangleId[sample + width]!;
      const c = triangleId[sample + 2 * width]!;
      const d = triangleId[sample + 3 * width]!;
      const at = row + 3 * x;
      if (a >= 0 && a === b && b === c && c === d) {
        const begin = x;
        while (x + 1 < width && isWhole(triangleId, ROWS * y * width + x + 1, width, a)) x++;
        shader.colourRun(a, begin, x + 1, y, out, at);
        continue;
      }
      const colourA = a < 0 ? sky.colourAt(x, y) : shader.colourAt(a, x, y);
      const colourB = b === a ? colourA : b < 0 ? sky.colourAt(x, y) : shader.colourAt(b, x, y);
      const colourC = c === b ? colourB : c === a ? colourA : c < 0 ? sky.colourAt(x, y) : shader.colourAt(c, x, y);
      const colourD =
        d === c
          ? colourC
          : d === b
            ? colourB
            : d === a
              ? colourA
              : d < 0
                ? sky.colourAt(x, y)
                : shader.colourAt(d, x, y);
      // Four bytes add up to ten bits: red and blue do not meet in one word. Half is rounded up.
      const redBlue =
        (colourA & 0xff00ff) + (colourB & 0xff00ff) + (colourC & 0xff00ff) + (colourD & 0xff00ff) + 0x20002;
      const green = (colourA & 0xff00) + (colourB & 0xff00) + (colourC & 0xff00) + (colourD & 0xff00) + 0x200;
      out[at] = redBlue >> 2;
      out[at + 1] = green >> 10;
      out[at + 2] = redBlue >> 18;
    }
  }
}

/** Whether all samples of a pixel see one triangle. */
function isWhole(ids: Int32Array, at: number, width: number, id: number): boolean {
  return ids[at] === id && ids[at + width] === id && ids[at + 2 * width] === id && ids[at + 3 * width] === id;
}
