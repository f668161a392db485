/** @file Textures as mip pyramids of packed RGB words. */

/** One size of a texture. */
export interface MipLevel {
  readonly width: number;
  readonly height: number;
  /** 0x00BBGGRR per texel. */
  readonly texels: Uint32Array;
}

/** Level 0 is the full image; each next one halves both sides. */
export type Texture = readonly MipLevel[];

/** Builds the pyramid of an image with 1, 3 or 4 bytes per texel (alpha is ignored). */
export function makeTexture(width: number, height: number, channels: number, bytes: ArrayLike<number>): Texture {
  const texels = new Uint32Array(width * height);
  for (let i = 0; i < texels.length; i++) {
    const red = bytes[i * channels]!;
    const green = channels > 1 ? bytes[i * channels + 1]! : red;
    const blue = channels > 2 ? bytes[i * channels + 2]! : red;
    texels[i] = red | (green << 8) | (blue << 16);
  }
  const levels: MipLevel[] = [{ width, height, texels }];
  for (let last = levels[0]!; last.width > 1 && last.height > 1; last = levels.at(-1)!) levels.push(halve(last));
  return levels;
}

function halve({ width, height, texels }: MipLevel): MipLevel {
  const [w, h] = [width >> 1, height >> 1];
  const out = new Uint32Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const at = 2 * y * width + 2 * x;
      let packed = 0;
      for (let shift = 0; shift < 24; shift += 8) {
        const sum =
          ((texels[at]! >> shift) & 255) +
          ((texels[at + 1]! >> shift) & 255) +
          ((texels[at + width]! >> shift) & 255) +
          ((texels[at + width + 1]! >> shift) & 255);
        packed |= (sum >> 2) << shift;
      }
      out[y * w + x] = packed;
    }
  }
  return { width: w, height: h, texels: out };
}
