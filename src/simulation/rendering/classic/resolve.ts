/** @file From samples to pixels: each pixel is the mean of its four samples, each distinct triangle coloured once. */

import type { SkyShader } from './sky.ts';
import type { TriangleShader } from './shade.ts';
import type { ClassicBuffers } from './view.ts';

/** Writes width × height × 3 bytes. */
export function resolve(buffers: ClassicBuffers, shader: TriangleShader, sky: SkyShader, out: Uint8Array): void {
  const { width, height, triangleId } = buffers;
  for (let y = 0, at = 0; y < height; y++) {
    const first = 4 * y * width;
    for (let x = 0; x < width; x++, at += 3) {
      const a = triangleId[first + x]!;
      const b = triangleId[first + width + x]!;
      const c = triangleId[first + 2 * width + x]!;
      const d = triangleId[first + 3 * width + x]!;
      if (a === b && b === c && c === d) {
        if (a < 0) {
          sky.colourAt(x, y);
          out[at] = sky.red + 0.5;
          out[at + 1] = sky.green + 0.5;
          out[at + 2] = sky.blue + 0.5;
        } else {
          shader.colourAt(a, x, y);
          out[at] = shader.red + 0.5;
          out[at + 1] = shader.green + 0.5;
          out[at + 2] = shader.blue + 0.5;
        }
        continue;
      }
      let red = 0;
      let green = 0;
      let blue = 0;
      let count = 1;
      // Equal neighbours are coloured together; a triangle that comes back later is coloured again, which is rare.
      for (let sample = 0; sample < 4; sample++) {
        const id = sample === 0 ? a : sample === 1 ? b : sample === 2 ? c : d;
        const next = sample === 0 ? b : sample === 1 ? c : sample === 2 ? d : -2;
        if (id === next) {
          count++;
          continue;
        }
        if (id < 0) {
          sky.colourAt(x, y);
          red += count * sky.red;
          green += count * sky.green;
          blue += count * sky.blue;
        } else {
          shader.colourAt(id, x, y);
          red += count * shader.red;
          green += count * shader.green;
          blue += count * shader.blue;
        }
        count = 1;
      }
      out[at] = red * 0.25 + 0.5;
      out[at + 1] = green * 0.25 + 0.5;
      out[at + 2] = blue * 0.25 + 0.5;
    }
  }
}
