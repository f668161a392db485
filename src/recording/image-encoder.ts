/** @file Pictures as messages: PNG, JPEG (with sharp), raw pixels. */

import { VlaError } from '../base/errors.ts';
import { loadOptional } from '../base/optional.ts';
import { encodePng } from '../base/png.ts';
import type { Image } from '../interfaces/observation.ts';
import { encodeCompressedImage, encodeRawImage, type Nanoseconds } from './foxglove-messages.ts';

/** `png` keeps every bit, so that a recording can be played again exactly; `jpeg` is small; `raw` costs no time. */
export type ImageKind = 'png' | 'jpeg' | 'raw';

/** How pictures become messages. */
export interface ImageEncoder {
  readonly kind: ImageKind;
  readonly message: 'CompressedImage' | 'RawImage';
  /** What people are told about it. */
  readonly notes: readonly string[];
  /** The bytes of a message. */
  encode(camera: string, image: Image, time: Nanoseconds): Promise<Uint8Array>;
}

/** Quick, and still half the size of raw pixels: a recorder must keep up. */
const PNG = { compressionLevel: 2 } as const;
const JPEG = { quality: 90 } as const;

const RAW: ImageEncoder = {
  kind: 'raw',
  message: 'RawImage',
  notes: [],
  async encode(frameId, { width, height, data }, time) {
    return encodeRawImage({ time, frameId, width, height, data });
  },
};

/** PNG without packages: slower, the same pixels. */
export const OWN_PNG: ImageEncoder = {
  kind: 'png',
  message: 'CompressedImage',
  notes: [],
  async encode(frameId, image, time) {
    return encodeCompressedImage({ time, frameId, data: encodePng(image), format: 'png' });
  },
};

/** An encoder of the kind; where sharp is not installed, JPEG becomes PNG and says so. */
export async function openImageEncoder(kind: ImageKind): Promise<ImageEncoder> {
  if (kind === 'raw') return RAW;
  let sharp;
  try {
    ({ default: sharp } = await loadOptional('sharp', 'Recording JPEG pictures', () => import('sharp')));
  } catch (error) {
    if (!(error instanceof VlaError)) throw error;
    if (kind === 'png') return OWN_PNG;
    return { ...OWN_PNG, notes: ['pictures are PNG: sharp, which makes JPEG of them, is not installed'] };
  }
  return {
    kind,
    message: 'CompressedImage',
    notes: [],
    async encode(frameId, { width, height, data }, time) {
      const pixels = sharp(data, { raw: { width, height, channels: 3 } });
      const bytes = await (kind === 'png' ? pixels.png(PNG) : pixels.jpeg(JPEG)).toBuffer();
      return encodeCompressedImage({ time, frameId, data: bytes, format: kind });
    },
  };
}
