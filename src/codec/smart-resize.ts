/**
 * @file Qwen-VL's "smart resize": the size nearest to an image's whose sides are multiples of a factor and whose area
 * lies within limits, with about the same aspect ratio.
 */

import { VlaError } from '../base/errors.ts';
import { roundHalfToEven } from '../base/round-half-to-even.ts';

/** Areas in pixels; `factor` = patch × merge (32 for Qwen3-VL). */
export interface SmartResizeLimits {
  readonly factor: number;
  readonly minPixels: number;
  readonly maxPixels: number;
}

/** Longer images are refused, as by the official processor. */
const MAX_RATIO = 200;

/**
 * The size after resizing. Where limits and whole multiples cannot both be had, multiples win, and areas may lie
 * somewhat outside. Throws `bad-argument` for an image of zero size or one longer than 200 times its width.
 */
export function smartResize(
  width: number,
  height: number,
  { factor, minPixels, maxPixels }: SmartResizeLimits,
): { readonly width: number; readonly height: number } {
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  if (!(short >= 1) || long / short > MAX_RATIO) {
    throw new VlaError(
      'bad-argument',
      `smart-resize: expected an image of at least 1×1 and at most ${MAX_RATIO} times as long as wide, got ` +
        `${width}×${height}.`,
      { hint: 'Crop or pad the image first.' },
    );
  }
  const sides = (side: (size: number) => number) => ({ width: side(width), height: side(height) });
  const rounded = sides((size) => roundHalfToEven(size / factor) * factor);
  const area = rounded.width * rounded.height;
  if (area > maxPixels) {
    const shrink = Math.sqrt((height * width) / maxPixels);
    return sides((size) => Math.max(factor, Math.floor(size / shrink / factor) * factor));
  }
  if (area < minPixels) {
    const grow = Math.sqrt(minPixels / (height * width));
    return sides((size) => Math.ceil((size * grow) / factor) * factor);
  }
  return rounded;
}
