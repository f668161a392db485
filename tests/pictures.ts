/** @file Pictures in tests: stored ones as bytes, and how far apart two are. */

import assert from 'node:assert/strict';
import sharp from 'sharp';

/** Peak signal-to-noise ratio in decibels; infinite when nothing differs. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  assert.equal(a.length, b.length);
  let squared = 0;
  for (let i = 0; i < a.length; i++) squared += (a[i]! - b[i]!) ** 2;
  return 10 * Math.log10((255 ** 2 * a.length) / squared);
}

/** The red, green and blue bytes of a picture. */
export async function readPng(file: string): Promise<Uint8Array> {
  return sharp(file).removeAlpha().raw().toBuffer();
}
