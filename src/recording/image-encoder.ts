/** @file Pictures as messages: PNG or JPEG with sharp, raw pixels without it. */

import { VlaError } from '../base/errors.ts';
import { loadOptional } from '../base/optional.ts';
import type { Image } from '../interfaces/observation.ts';
import { encodeCompressedImage, encodeRawImage, type Nanoseconds } from './foxglove-messages.ts';

/** `png` keeps every bit, so that a recording can be played again exactly; `jpeg` is small; `raw` needs no package. */
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

/** An encoder of the kind, or a raw one that says so where sharp is not installed. */
export async function openImageEncoder(kind: ImageKind): Promise<ImageEncoder> {
  if (kind === 'raw') return RAW;
  let sharp;
  try {
    ({ default: sharp } = await loadOptional('sharp', 'Recording compressed pictures', () => import('sharp')));
  } catch (error) {
    if (!(error instanceof VlaError)) throw error;
    return { ...RAW, notes: ['pictures are recorded raw: sharp, which compresses them, is not installed'] };
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
