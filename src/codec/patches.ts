/**
 * @file Images cut into patches in Qwen3-VL's order: every merge × merge group of patches is contiguous, groups run
 * row by row; inside a patch the numbers are [channel, temporal, row, column].
 */

import { VlaError } from '../base/errors.ts';
import type { AugmentDraw } from './augment.ts';

/** Sizes in pixels: `patch` is a patch's side, `merge` the side of a merge group in patches. */
export interface PatchLayout {
  readonly width: number;
  readonly height: number;
  readonly patch: number;
  readonly merge: number;
  /** How often a still frame is repeated in time inside a patch: 2 for Qwen3-VL's weights, 1 for models of our own. */
  readonly temporal: number;
}

/** Patches of an image before merging. */
export const patchCount = (layout: PatchLayout): number =>
  (layout.width / layout.patch) * (layout.height / layout.patch);

/** Numbers in a patch: 3 · temporal · patch². */
export const patchSize = (layout: PatchLayout): number => 3 * layout.temporal * layout.patch * layout.patch;

/** The grid of merged patches (one language token each), [rows, columns]. */
export const mergedGrid = (layout: PatchLayout): readonly [rows: number, columns: number] => {
  const side = layout.patch * layout.merge;
  return [layout.height / side, layout.width / side];
};

/** Throws `bad-argument` when an image cannot be cut evenly. */
export function requirePatchLayout(layout: PatchLayout, where: string): void {
  const side = layout.patch * layout.merge;
  if (layout.width % side === 0 && layout.height % side === 0) return;
  throw new VlaError(
    'bad-argument',
    `${where}: expected width and height divisible by patch × merge = ${side}, got ${layout.width}×${layout.height}.`,
    { hint: 'Resize or pad the camera to a multiple, or choose another patch size.' },
  );
}

/** Writes images of one layout as patches. */
export type PatchWriter = (source: Uint8Array, draw: AugmentDraw, target: Float32Array, at: number) => void;

/** A writer for `layout`; `draw` gives shift and colour tables (`NO_AUGMENTATION`: x / 127.5 − 1). */
export function createPatchWriter(layout: PatchLayout, where: string): PatchWriter {
  requirePatchLayout(layout, where);
  const { width, height, patch, merge, temporal } = layout;
  const area = patch * patch;
  const channelStride = area * temporal;
  const rows = new Int32Array(height);
  const columns = new Int32Array(width);
  const origins = patchOrigins(width, height, patch, merge);
  return (source, draw, target, at) => {
    const { table, saturation } = draw;
    for (let y = 0; y < height; y++) rows[y] = clamp(y + draw.shiftY, height) * width * 3;
    for (let x = 0; x < width; x++) columns[x] = clamp(x + draw.shiftX, width) * 3;
    let to = at;
    for (let p = 0; p < origins.length; p += 2) {
      const [left, top] = [origins[p]!, origins[p + 1]!];
      for (let y = 0; y < patch; y++) {
        const row = rows[top + y]!;
        for (let x = 0; x < patch; x++) {
          const from = row + columns[left + x]!;
          let red = table[source[from]!]!;
          let green = table[256 + source[from + 1]!]!;
          let blue = table[512 + source[from + 2]!]!;
          if (saturation !== 1) {
            const luminance = 0.299 * red + 0.587 * green + 0.114 * blue;
            red = limit(luminance + saturation * (red - luminance));
            green = limit(luminance + saturation * (green - luminance));
            blue = limit(luminance + saturation * (blue - luminance));
          }
          const index = to + y * patch + x;
          target[index] = red;
          target[index + channelStride] = green;
          target[index + 2 * channelStride] = blue;
        }
      }
      // Further instants repeat the first one.
      for (let t = 1; t < temporal; t++) {
        for (let c = 0; c < 3; c++) {
          const first = to + c * channelStride;
          target.copyWithin(first + t * area, first, first + area);
        }
      }
      to += 3 * channelStride;
    }
  };
}

/** The bytes of an image from its patches (the inverse of an unaugmented writer). */
export function imageFromPatches(patches: Float32Array, layout: PatchLayout): Uint8Array {
  requirePatchLayout(layout, 'imageFromPatches');
  const { width, height, patch, merge, temporal } = layout;
  const channelStride = patch * patch * temporal;
  const out = new Uint8Array(width * height * 3);
  const origins = patchOrigins(width, height, patch, merge);
  for (let p = 0; p < origins.length; p += 2) {
    const base = (p / 2) * 3 * channelStride;
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < patch * patch; i++) {
        const pixel = (origins[p + 1]! + Math.floor(i / patch)) * width + origins[p]! + (i % patch);
        out[pixel * 3 + c] = Math.round((patches[base + c * channelStride + i]! + 1) * 127.5);
      }
    }
  }
  return out;
}

/** The left and top pixel of each patch, in patch order. */
function patchOrigins(width: number, height: number, patch: number, merge: number): Int32Array {
  const out: number[] = [];
  const side = patch * merge;
  for (let groupTop = 0; groupTop < height; groupTop += side) {
    for (let groupLeft = 0; groupLeft < width; groupLeft += side) {
      for (let top = groupTop; top < groupTop + side; top += patch) {
        for (let left = groupLeft; left < groupLeft + side; left += patch) out.push(left, top);
      }
    }
  }
  return Int32Array.from(out);
}

const clamp = (value: number, size: number): number => (value < 0 ? 0 : value >= size ? size - 1 : value);
const limit = (value: number): number => (value < -1 ? -1 : value > 1 ? 1 : value);
