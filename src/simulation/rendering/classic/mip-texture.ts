/**
 * @file Textures as OpenGL filters them (LINEAR_MIPMAP_LINEAR, LINEAR when magnified): all mip levels in one array of packed RGB words,
 * blended with 8-bit weights, two channels at a time.
 */

import type { TextureImage } from '../texture.ts';
import { packTexels } from '../texture.ts';

/** A texture with all its mip levels; a cube has six faces (+x −x +y −y +z −z), a flat one has one. */
export interface MipTexture {
  readonly kind: 'flat' | 'cube';
  /** Per level. */
  readonly widths: Int32Array;
  readonly heights: Int32Array;
  /** Where level l of face f starts: `starts[f * levels + l]`. */
  readonly starts: Int32Array;
  readonly levels: number;
  /** 0x00BBGGRR per texel. */
  readonly texels: Uint32Array;
}

/** A flat texture, which repeats. */
export function flatMipTexture(image: TextureImage): MipTexture {
  return assemble('flat', [packTexels(image)], image.width, image.height);
}

/** A cube map from six square images below each other, or from one that serves for all six faces. */
export function cubeMipTexture(image: TextureImage): MipTexture {
  const { width } = image;
  const texels = packTexels(image);
  const stored = Math.max(1, Math.floor(image.height / width));
  const face = (i: number): Uint32Array =>
    texels.subarray((i % stored) * width * width, ((i % stored) + 1) * width * width);
  return assemble(
    'cube',
    Array.from({ length: 6 }, (_, i) => face(i)),
    width,
    width,
  );
}

/** The texture without its finest levels, so that no side is longer than `most`. */
export function limitSize(texture: MipTexture, most: number): MipTexture {
  let skip = 0;
  while (Math.max(texture.widths[skip]!, texture.heights[skip]!) > most) skip++;
  if (skip === 0) return texture;
  const [widths, heights] = [texture.widths.slice(skip), texture.heights.slice(skip)];
  const kept = [...texture.starts.keys()].filter((i) => i % texture.levels >= skip);
  const sizes = kept.map((_, i) => widths[i % widths.length]! * heights[i % widths.length]!);
  const texels = new Uint32Array(sizes.reduce((sum, size) => sum + size, 0));
  const starts = new Int32Array(kept.length);
  let at = 0;
  for (const [i, from] of kept.entries()) {
    texels.set(texture.texels.subarray(texture.starts[from]!, texture.starts[from]! + sizes[i]!), at);
    starts[i] = at;
    at += sizes[i]!;
  }
  return { kind: texture.kind, widths, heights, starts, levels: widths.length, texels };
}

/** The colour at (u, v), which repeats; `rho2` is the square of the texels per pixel. Packed 0x00BBGGRR. */
export function sampleRepeated(texture: MipTexture, u: number, v: number, rho2: number): number {
  const s = u - Math.floor(u);
  const t = v - Math.floor(v);
  if (!(rho2 > 1)) return repeating(texture, 0, s, t);
  const level = levelOf(rho2);
  const last = texture.levels - 1;
  const whole = level >> 8;
  if (whole >= last) return repeating(texture, last, s, t);
  return mix(repeating(texture, whole, s, t), repeating(texture, whole + 1, s, t), level & 255);
}

/** The colour at (s, t) on a face, where what lies outside [0, 1] is the border; `rho2` as in `sampleRepeated`. */
export function sampleClamped(texture: MipTexture, face: number, s: number, t: number, rho2: number): number {
  if (!(rho2 > 1)) return clamped(texture, face, 0, s, t);
  const level = levelOf(rho2);
  const last = texture.levels - 1;
  const whole = level >> 8;
  if (whole >= last) return clamped(texture, face, last, s, t);
  return mix(clamped(texture, face, whole, s, t), clamped(texture, face, whole + 1, s, t), level & 255);
}

/** The face of a cube map (in OpenGL's order) that a direction meets. */
export function cubeFace(x: number, y: number, z: number): number {
  const ax = x < 0 ? -x : x;
  const ay = y < 0 ? -y : y;
  const az = z < 0 ? -z : z;
  if (ax >= ay && ax >= az) return x >= 0 ? 0 : 1;
  if (ay >= az) return y >= 0 ? 2 : 3;
  return z >= 0 ? 4 : 5;
}

const asFloat = new Float32Array(1);
const asBits = new Int32Array(asFloat.buffer);

/**
 * Half the binary logarithm of a number above 1, times 256. From the bits of the 32-bit float: exponent, and a parabola through the
 * mantissa's ends (at most 0.01 off before halving); `Math.log2` is slower and not the same everywhere.
 */
function levelOf(rho2: number): number {
  asFloat[0] = rho2;
  const bits = asBits[0]!;
  const mantissa = (bits & 0x7fffff) * 2 ** -23;
  return ((bits >> 23) - 127 + mantissa + 0.3431 * mantissa * (1 - mantissa)) * 128;
}

function repeating(texture: MipTexture, level: number, s: number, t: number): number {
  const width = texture.widths[level]!;
  const height = texture.heights[level]!;
  const x = s * width - 0.5;
  const y = t * height - 0.5;
  let x0 = Math.floor(x);
  let y0 = Math.floor(y);
  const fx = ((x - x0) * 256) | 0;
  const fy = ((y - y0) * 256) | 0;
  if (x0 < 0) x0 += width;
  if (y0 < 0) y0 += height;
  const x1 = x0 + 1 >= width ? 0 : x0 + 1;
  const y1 = y0 + 1 >= height ? 0 : y0 + 1;
  const start = texture.starts[level]!;
  const row0 = start + y0 * width;
  const row1 = start + y1 * width;
  const { texels } = texture;
  return bilinear(texels[row0 + x0]!, texels[row0 + x1]!, texels[row1 + x0]!, texels[row1 + x1]!, fx, fy);
}

function clamped(texture: MipTexture, face: number, level: number, s: number, t: number): number {
  const width = texture.widths[level]!;
  let x = s * width - 0.5;
  let y = t * width - 0.5;
  if (x < 0) x = 0;
  else if (x > width - 1) x = width - 1;
  if (y < 0) y = 0;
  else if (y > width - 1) y = width - 1;
  const x0 = x | 0;
  const y0 = y | 0;
  const x1 = x0 + 1 >= width ? x0 : x0 + 1;
  const y1 = y0 + 1 >= width ? y0 : y0 + 1;
  const start = texture.starts[face * texture.levels + level]!;
  const row0 = start + y0 * width;
  const row1 = start + y1 * width;
  const { texels } = texture;
  const fx = ((x - x0) * 256) | 0;
  const fy = ((y - y0) * 256) | 0;
  return bilinear(texels[row0 + x0]!, texels[row0 + x1]!, texels[row1 + x0]!, texels[row1 + x1]!, fx, fy);
}

/** Red and blue in one product, green in another; weights add up to 65 536 in two steps of 256. */
function bilinear(a: number, b: number, c: number, d: number, fx: number, fy: number): number {
  return mix(mix(a, b, fx), mix(c, d, fx), fy);
}

/** a + (b − a) · f / 256, rounded, per channel. */
function mix(a: number, b: number, f: number): number {
  const g = 256 - f;
  const redBlue = (Math.imul(a & 0xff00ff, g) + Math.imul(b & 0xff00ff, f) + 0x800080) >>> 8;
  const green = (Math.imul(a & 0xff00, g) + Math.imul(b & 0xff00, f) + 0x8000) >>> 8;
  return (redBlue & 0xff00ff) | (green & 0xff00);
}

function assemble(kind: MipTexture['kind'], faces: readonly Uint32Array[], width: number, height: number): MipTexture {
  const sizes: [number, number][] = [[width, height]];
  for (let [w, h] = sizes[0]!; w > 1 || h > 1; [w, h] = sizes.at(-1)!) {
    sizes.push([Math.max(1, w >> 1), Math.max(1, h >> 1)]);
  }
  const perFace = sizes.reduce((sum, [w, h]) => sum + w * h, 0);
  const texels = new Uint32Array(faces.length * perFace);
  const starts: number[] = [];
  let at = 0;
  for (const face of faces) {
    let level = face;
    for (const [i, [w, h]] of sizes.entries()) {
      if (i > 0) level = shrink(level, sizes[i - 1]!, [w, h]);
      texels.set(level, at);
      starts.push(at);
      at += w * h;
    }
  }
  return {
    kind,
    widths: Int32Array.from(sizes, ([w]) => w),
    heights: Int32Array.from(sizes, ([, h]) => h),
    starts: Int32Array.from(starts),
    levels: sizes.length,
    texels,
  };
}

/** The next level: each texel is read between those of the last one, bilinearly (the mean of four when a side is even). */
function shrink(
  texels: Uint32Array,
  [width, height]: readonly [number, number],
  [w, h]: readonly [number, number],
): Uint32Array {
  const out = new Uint32Array(w * h);
  for (let y = 0; y < h; y++) {
    const sy = ((y + 0.5) * height) / h - 0.5;
    const y0 = Math.floor(sy);
    const y1 = Math.min(height - 1, y0 + 1);
    const fy = sy - y0;
    for (let x = 0; x < w; x++) {
      const sx = ((x + 0.5) * width) / w - 0.5;
      const x0 = Math.floor(sx);
      const x1 = Math.min(width - 1, x0 + 1);
      const fx = sx - x0;
      let packed = 0;
      for (let shift = 0; shift < 24; shift += 8) {
        const at = (row: number, column: number): number => (texels[row * width + column]! >> shift) & 255;
        const upper = at(y0, x0) + (at(y0, x1) - at(y0, x0)) * fx;
        const lower = at(y1, x0) + (at(y1, x1) - at(y1, x0)) * fx;
        packed |= Math.round(upper + (lower - upper) * fy) << shift;
      }
      out[y * w + x] = packed;
    }
  }
  return out;
}
