/** @file Decodes the pictures that cameras send compressed (JPEG, PNG), by the optional package sharp. Node only. */

import type Sharp from 'sharp';
import { VlaError } from '../../base/errors.ts';
import { loadOptional } from '../../base/optional.ts';
import type { Image } from '../../interfaces/observation.ts';

/** Larger pictures are refused before they are decoded. */
const MOST_PIXELS = 16_000_000;

/** The picture as RGB; rejects with `bad-data` for what is none. */
export async function decodeImage(bytes: Uint8Array): Promise<Image> {
  const sharp = await loadOptional<typeof Sharp>(
    'sharp',
    'Decoding camera images',
    async () => (await import('sharp')).default,
  );
  try {
    const picture = sharp(bytes, { limitInputPixels: MOST_PIXELS }).removeAlpha().toColourspace('srgb').raw();
    const { data, info } = await picture.toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data: Uint8Array.from(data) };
  } catch (cause) {
    throw new VlaError('bad-data', `image: expected JPEG or PNG, got: ${(cause as Error).message}.`, { cause });
  }
}
