/** @file Textures as mip pyramids of packed RGB words: flat ones, which repeat, and cube maps, which are looked up by direction. */

interface MipLevel {
  readonly width: number;
  readonly height: number;
  /** 0x00BBGGRR per texel. */
  readonly texels: Uint32Array;
}

/** Level 0 is the full image; each next one halves both sides. */
type Pyramid = readonly MipLevel[];

/** A texture with one pyramid (flat) or six (a cube's faces +x −x +y −y +z −z). */
export interface Texture {
  readonly kind: 'flat' | 'cube';
  readonly faces: readonly Pyramid[];
}

/** An image in memory: rows from the first one, 1, 3 or 4 bytes per texel (alpha is ignored). */
export interface TextureImage {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly bytes: Uint8Array;
  /** The bytes are sRGB and are to be made linear, as OpenGL does with sRGB textures. */
  readonly srgb: boolean;
}

/** A flat texture, which repeats. */
export function flatTexture(image: TextureImage): Texture {
  return { kind: 'flat', faces: [pyramid(image.width, image.height, packTexels(image))] };
}

/** A cube map from six square images below each other, or from one that serves for all six faces. */
export function cubeTexture(image: TextureImage): Texture {
  const { width, height } = image;
  const texels = packTexels(image);
  const faceOf = (i: number): Pyramid =>
    pyramid(width, width, texels.slice(i * width * width, (i + 1) * width * width));
  const count = height / width;
  const faces = Array.from({ length: count }, (_, i) => faceOf(i));
  return { kind: 'cube', faces: Array.from({ length: 6 }, (_, i) => faces[i % count]!) };
}

/** The mip level whose texels are about as large as a pixel. */
export function levelFor(texture: Texture, texelsPerPixel: number): number {
  const level = texelsPerPixel > 1 ? Math.round(0.5 * Math.log2(texelsPerPixel)) : 0;
  return Math.min(texture.faces[0]!.length - 1, level);
}

/** Texels of level 0 on a triangle whose corners have these coordinates (2 or 3 each, in turn). */
export function texelArea(texture: Texture, a: readonly number[], b: readonly number[], c: readonly number[]): number {
  const { width, height } = texture.faces[0]![0]!;
  const [p, q, r] = texture.kind === 'flat' ? [a, b, c] : onOneFace([a, b, c]);
  return Math.abs((q![0]! - p![0]!) * (r![1]! - p![1]!) - (r![0]! - p![0]!) * (q![1]! - p![1]!)) * width * height;
}

/** Bilinear, repeating; packed 0x00BBGGRR. */
export function sampleFlat(texture: Texture, level: number, u: number, v: number): number {
  const { width, height, texels } = texture.faces[0]![level]!;
  const x = u * width - 0.5;
  const y = v * height - 0.5;
  const left = Math.floor(x);
  const top = Math.floor(y);
  const x0 = ((left % width) + width) % width;
  const y0 = ((top % height) + height) % height;
  const x1 = x0 + 1 === width ? 0 : x0 + 1;
  const y1 = y0 + 1 === height ? 0 : y0 + 1;
  return blend(
    texels[y0 * width + x0]!,
    texels[y0 * width + x1]!,
    texels[y1 * width + x0]!,
    texels[y1 * width + x1]!,
    x - left,
    y - top,
  );
}

/** Bilinear within the face that the direction meets (OpenGL's table of cube faces); packed 0x00BBGGRR. */
export function sampleCube(texture: Texture, level: number, x: number, y: number, z: number): number {
  const face = faceOf(x, y, z);
  const { width, texels } = texture.faces[face]![level]!;
  const [s, t] = onFace(face, x, y, z);
  const px = Math.max(0, Math.min(width - 1, s * width - 0.5));
  const py = Math.max(0, Math.min(width - 1, t * width - 0.5));
  const x0 = Math.floor(px);
  const y0 = Math.floor(py);
  const x1 = Math.min(width - 1, x0 + 1);
  const y1 = Math.min(width - 1, y0 + 1);
  return blend(
    texels[y0 * width + x0]!,
    texels[y0 * width + x1]!,
    texels[y1 * width + x0]!,
    texels[y1 * width + x1]!,
    px - x0,
    py - y0,
  );
}

function faceOf(x: number, y: number, z: number): number {
  const [ax, ay, az] = [Math.abs(x), Math.abs(y), Math.abs(z)];
  if (ax >= ay && ax >= az) return x >= 0 ? 0 : 1;
  if (ay >= az) return y >= 0 ? 2 : 3;
  return z >= 0 ? 4 : 5;
}

/** Where a direction meets a face's plane, as fractions of its width. */
function onFace(face: number, x: number, y: number, z: number): [number, number] {
  const [s, t, depth] = [
    [-z, -y, x],
    [z, -y, -x],
    [x, z, y],
    [x, -z, -y],
    [x, -y, z],
    [-x, -y, -z],
  ][face] as [number, number, number];
  return [0.5 + s / (2 * depth), 0.5 + t / (2 * depth)];
}

function onOneFace(corners: readonly (readonly number[])[]): number[][] {
  const [x, y, z] = [0, 1, 2].map((k) => corners.reduce((sum, corner) => sum + corner[k]!, 0)) as [
    number,
    number,
    number,
  ];
  const face = faceOf(x, y, z);
  return corners.map((corner) => onFace(face, corner[0]!, corner[1]!, corner[2]!));
}

function blend(a: number, b: number, c: number, d: number, fx: number, fy: number): number {
  const wa = (1 - fx) * (1 - fy);
  const wb = fx * (1 - fy);
  const wc = (1 - fx) * fy;
  const wd = fx * fy;
  const red = (a & 255) * wa + (b & 255) * wb + (c & 255) * wc + (d & 255) * wd;
  const green = ((a >> 8) & 255) * wa + ((b >> 8) & 255) * wb + ((c >> 8) & 255) * wc + ((d >> 8) & 255) * wd;
  const blue = ((a >> 16) & 255) * wa + ((b >> 16) & 255) * wb + ((c >> 16) & 255) * wc + ((d >> 16) & 255) * wd;
  return Math.round(red) | (Math.round(green) << 8) | (Math.round(blue) << 16);
}

/** Texels as 0x00BBGGRR; sRGB bytes are made linear. */
export function packTexels({ width, height, channels, bytes, srgb }: TextureImage): Uint32Array {
  const value = srgb ? LINEAR : IDENTITY;
  const texels = new Uint32Array(width * height);
  for (let i = 0; i < texels.length; i++) {
    const red = value[bytes[i * channels]!]!;
    const green = channels > 1 ? value[bytes[i * channels + 1]!]! : red;
    const blue = channels > 2 ? value[bytes[i * channels + 2]!]! : red;
    texels[i] = red | (green << 8) | (blue << 16);
  }
  return texels;
}

const IDENTITY = Uint8Array.from({ length: 256 }, (_, i) => i);
/** IEC 61966-2-1. */
const LINEAR = Uint8Array.from({ length: 256 }, (_, i) => {
  const value = i / 255;
  return Math.round(255 * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
});

function pyramid(width: number, height: number, texels: Uint32Array): Pyramid {
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
