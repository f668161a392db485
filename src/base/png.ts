/**
 * @file PNG in TypeScript for what datasets and servers hold (8-bit grey, RGB, RGBA, palette; not interlaced), several times faster
 * than a general image library on small pictures; anything else goes through sharp. PNG specification: https://www.w3.org/TR/png-3/.
 */

import zlib from 'node:zlib';
import { VlaError } from './errors.ts';
import { loadOptional } from './optional.ts';

/** An RGB picture, height × width × 3 bytes, row 0 at the top; `Image` of the hall is one. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * An RGB image as PNG bytes, every row with the filter "up" (the difference to the row above): quick both ways, and
 * good for rendered scenes. `level` is zlib's, 1 (fast) to 9 (small).
 */
export function encodePng(image: Picture, level = 2): Uint8Array {
  const { width, height, data } = image;
  if (data.length !== width * height * 3) {
    throw new VlaError(
      'bad-shape',
      `PNG: expected ${width} × ${height} × 3 = ${width * height * 3} bytes, got ${data.length}.`,
      { hint: 'Give RGB, three bytes per pixel, row after row.' },
    );
  }
  const stride = width * 3;
  const raw = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1);
    const from = y * stride;
    if (y === 0) {
      raw.set(data.subarray(0, stride), 1);
      continue;
    }
    raw[at] = 2;
    for (let i = 0; i < stride; i++) raw[at + 1 + i] = data[from + i]! - data[from - stride + i]!;
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2, 0, 0, 0], 8);
  const body = zlib.deflateSync(raw, { level });
  const out = new Uint8Array(8 + 12 + 13 + 12 + body.length + 12);
  out.set(SIGNATURE);
  let at = 8;
  for (const [type, content] of [
    ['IHDR', header],
    ['IDAT', body],
    ['IEND', new Uint8Array(0)],
  ] as const) {
    at = writeChunk(out, at, type, content);
  }
  return out;
}

function writeChunk(out: Uint8Array, at: number, type: string, content: Uint8Array): number {
  const view = new DataView(out.buffer);
  view.setUint32(at, content.length);
  for (let i = 0; i < 4; i++) out[at + 4 + i] = type.charCodeAt(i);
  out.set(content, at + 8);
  view.setUint32(at + 8 + content.length, zlib.crc32(out.subarray(at + 4, at + 8 + content.length)));
  return at + 12 + content.length;
}

/** True when `bytes` start like a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return bytes.length > 8 && SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** What the header of a PNG says, whose pixels may be none of it; throws `bad-data` where it has none. `where` names the image in errors. */
export function pngSize(bytes: Uint8Array, where = 'PNG'): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!isPng(bytes) || bytes.length < 33 || view.getUint32(12) !== 0x49484452) {
    throw new VlaError('bad-data', `${where}: expected a PNG image that begins with its header, got none.`, {
      hint: 'The image was cut off or damaged; record or fetch it again.',
    });
  }
  return { width: view.getUint32(16), height: view.getUint32(20) };
}

interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA. */
  readonly colour: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array | null;
  readonly body: Uint8Array;
}

function parsePng(bytes: Uint8Array, where: string): PngParts {
  const damaged = (got: string): VlaError =>
    new VlaError('bad-data', `${where}: expected a whole PNG image, got ${got}.`, {
      hint: 'The image was cut off or damaged; record or fetch it again.',
    });
  if (!isPng(bytes)) throw damaged('other bytes');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let head: Uint8Array | null = null;
  let palette: Uint8Array | null = null;
  const body: Uint8Array[] = [];
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw damaged(`${bytes.length} bytes without an end`);
    const length = view.getUint32(at);
    if (at + 12 + length > bytes.length) throw damaged(`${bytes.length} bytes with a chunk that ends behind them`);
    const type = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!);
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR' && head !== null) throw damaged('two headers');
    if (type === 'IHDR') head = content;
    else if (type === 'PLTE') palette = content;
    else if (type === 'IDAT') body.push(content);
    else if (type === 'IEND') break;
    at += 12 + length;
  }
  if (head === null || head.length < 13 || body.length === 0) throw damaged('no header or no pixels');
  const size = new DataView(head.buffer, head.byteOffset, head.byteLength);
  return {
    width: size.getUint32(0),
    height: size.getUint32(4),
    depth: head[8]!,
    colour: head[9]!,
    interlaced: head[12] !== 0,
    palette,
    body: body.length === 1 ? body[0]! : Buffer.concat(body),
  };
}

const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Decodes a PNG into RGB (alpha dropped, grey and palette spread). Returns null for the kinds left to sharp
 * (16 bits, fewer than 8 bits, interlaced). `into`, when given, receives the pixels.
 */
export function decodePng(bytes: Uint8Array, where = 'PNG', into?: Uint8Array): Picture | null {
  const png = parsePng(bytes, where);
  const channels = CHANNELS[png.colour];
  if (png.depth !== 8 || png.interlaced || channels === undefined) return null;
  const stride = png.width * channels;
  let raw: Uint8Array;
  try {
    raw = zlib.inflateSync(png.body, { maxOutputLength: (stride + 1) * png.height });
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected PNG pixels, got ${(cause as Error).message}.`, {
      cause,
      hint: 'The image is damaged; record or fetch it again.',
    });
  }
  if (raw.length !== (stride + 1) * png.height) {
    throw new VlaError(
      'bad-data',
      `${where}: expected ${(stride + 1) * png.height} bytes of PNG pixels, got ${raw.length}.`,
      { hint: 'The image is damaged; record or fetch it again.' },
    );
  }
  const pixels = png.width * png.height;
  const data = into ?? new Uint8Array(pixels * 3);
  if (data.length !== pixels * 3) {
    throw new VlaError('bad-shape', `${where}: expected ${data.length} bytes, got ${png.width} × ${png.height} × 3.`, {
      hint: 'All pictures of a camera must have the size that meta/info.json says; record or fetch them again.',
    });
  }
  if (channels === 3) {
    unfilter(raw, data, stride, png.height, 3);
  } else {
    const flat = new Uint8Array(stride * png.height);
    unfilter(raw, flat, stride, png.height, channels);
    spread(flat, data, pixels, channels, png.palette);
  }
  return { width: png.width, height: png.height, data };
}

/** Undoes PNG's row filters (specification, section 9) from `raw` (with a filter byte per row) to `out`. */
function unfilter(raw: Uint8Array, out: Uint8Array, stride: number, height: number, bpp: number): void {
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    const from = y * (stride + 1) + 1;
    const to = y * stride;
    const up = to - stride;
    if (filter === 0 || (filter === 2 && y === 0)) {
      out.set(raw.subarray(from, from + stride), to);
    } else if (filter === 2) {
      for (let i = 0; i < stride; i++) out[to + i] = raw[from + i]! + out[up + i]!;
    } else if (filter === 1) {
      for (let i = 0; i < bpp; i++) out[to + i] = raw[from + i]!;
      for (let i = bpp; i < stride; i++) out[to + i] = raw[from + i]! + out[to + i - bpp]!;
    } else {
      for (let i = 0; i < stride; i++) {
        const a = i < bpp ? 0 : out[to + i - bpp]!;
        const b = y === 0 ? 0 : out[up + i]!;
        const c = i < bpp || y === 0 ? 0 : out[up + i - bpp]!;
        out[to + i] = raw[from + i]! + (filter === 3 ? (a + b) >> 1 : paeth(a, b, c));
      }
    }
  }
}

function paeth(a: number, b: number, c: number): number {
  const da = Math.abs(b - c);
  const db = Math.abs(a - c);
  const dc = Math.abs(a + b - c - c);
  return da <= db && da <= dc ? a : db <= dc ? b : c;
}

function spread(flat: Uint8Array, out: Uint8Array, pixels: number, channels: number, palette: Uint8Array | null): void {
  for (let p = 0; p < pixels; p++) {
    const at = p * channels;
    for (let c = 0; c < 3; c++) {
      out[p * 3 + c] =
        palette !== null && channels === 1
          ? (palette[flat[at]! * 3 + c] ?? 0)
          : channels === 4
            ? flat[at + c]!
            : flat[at]!;
    }
  }
}

/** Decodes any image that datasets hold (PNG here, JPEG and the rest through sharp) into RGB. */
export async function decodeImage(bytes: Uint8Array, where: string, into?: Uint8Array): Promise<Picture> {
  if (isPng(bytes)) {
    const image = decodePng(bytes, where, into);
    if (image !== null) return image;
  }
  const { default: sharp } = await loadOptional('sharp', 'Reading JPEG and unusual PNG images', () => import('sharp'));
  try {
    const { data, info } = await sharp(bytes)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels`);
    if (into !== undefined) {
      if (into.length !== data.length) throw new Error(`${info.width} × ${info.height} pixels`);
      into.set(data);
    }
    return { width: info.width, height: info.height, data: into ?? new Uint8Array(data) };
  } catch (cause) {
    throw new VlaError('bad-data', `${where}: expected an RGB image, got ${(cause as Error).message}.`, {
      cause,
      hint: 'The image is damaged or of a kind that cannot be read; record or fetch it again.',
    });
  }
}
