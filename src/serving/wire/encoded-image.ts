/** @file Images that travel as PNG or JPEG files: their size is read from the header, and checked, before a pixel of them is decoded. */

import { VlaError } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import { decodePng, isPng, pngSize } from '../../base/png.ts';
import type { Image } from '../../interfaces/observation.ts';
import { requireAtMost } from '../../base/require-at-most.ts';
import type { WireLimits } from './limits.ts';
import { NumericArray } from '../../base/numeric-array.ts';

/** An image file in a message, not decoded yet. */
export class EncodedImage {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/**
 * The RGB pixels of a PNG or JPEG file (alpha dropped, grey spread). Throws `bad-data` for other kinds of files, damaged ones, and
 * those whose header says more pixels than `limits` allow; `missing-package` where sharp is needed (JPEG, unusual PNG) and absent.
 */
export async function decodePicture(bytes: Uint8Array, where: string, limits: WireLimits): Promise<Image> {
  if (isPng(bytes)) {
    const { width, height } = pngSize(bytes, where);
    requireSize(where, width, height, limits);
    return decodePng(bytes, where) ?? decodeBySharp(bytes, where, limits);
  }
  if (bytes.length < 4 || bytes[0] !== 0xff || bytes[1] !== 0xd8 || bytes[2] !== 0xff) {
    throw new VlaError('bad-data', `${where}: expected a PNG or JPEG image, got other bytes.`, { hint: HINT });
  }
  return decodeBySharp(bytes, where, limits);
}

const HINT = 'Send whole PNG or JPEG images.';

function requireSize(where: string, width: number, height: number, limits: WireLimits): void {
  requireAtMost(`${where}: pixels of a side`, Math.max(width, height), limits.imageSide);
  requireAtMost(`${where}: bytes of all pixels`, width * height * 3, limits.arrayBytes);
}

async function decodeBySharp(bytes: Uint8Array, where: string, limits: WireLimits): Promise<Image> {
  const { default: sharp } = await loadOptional('sharp', 'Reading JPEG and unusual PNG images', () => import('sharp'));
  const damaged = (cause: unknown): VlaError =>
    new VlaError('bad-data', `${where}: expected a whole image, got ${(cause as Error).message}.`, {
      cause,
      hint: HINT,
    });
  const file = sharp(bytes, { limitInputPixels: limits.imageSide ** 2, failOn: 'error' });
  const header = await file.metadata().catch((cause: unknown) => {
    throw damaged(cause);
  });
  requireSize(where, header.width, header.height, limits);
  try {
    const { data, info } = await file.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels`);
    return { width: info.width, height: info.height, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
  } catch (cause) {
    throw damaged(cause);
  }
}

/** The same message with every `EncodedImage` decoded into an array [height, width, 3]. Maps, lists: copied where something in them changes. */
export async function decodePictures(value: unknown, limits: WireLimits): Promise<unknown> {
  if (value instanceof EncodedImage) {
    const { width, height, data } = await decodePicture(value.bytes, 'image', limits);
    return NumericArray.ofBytes(data, [height, width, 3]);
  }
  if (Array.isArray(value)) {
    if (!value.some((entry) => typeof entry === 'object')) return value;
    const list: unknown[] = [];
    for (const entry of value) list.push(await decodePictures(entry, limits));
    return list;
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) return value;
  const map = Object.create(null) as Record<string, unknown>;
  for (const [key, entry] of Object.entries(value)) map[key] = await decodePictures(entry, limits);
  return map;
}
