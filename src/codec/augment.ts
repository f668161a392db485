/**
 * @file Random changes of training images: shift, brightness, contrast, channel gains, saturation. A draw becomes one
 * table of 3 × 256 values and an offset, so applying it costs no more than reading the image.
 */

import type { Random } from '../base/random.ts';

/** How far each draw may go; 0 switches a change off. */
export interface Augmentation {
  /** The image moves by up to this many pixels each way (whole pixels; the border repeats). */
  readonly shiftPixels: number;
  /** Values are multiplied by 1 ± this. */
  readonly brightness: number;
  /** Distances from mid-grey are multiplied by 1 ± this. */
  readonly contrast: number;
  /** Each colour channel is multiplied by its own 1 ± this (the colour of the light). */
  readonly channelGain: number;
  /** Distances of the channels from their luminance are multiplied by 1 ± this. */
  readonly saturation: number;
}

/** What is done to one image: see `writePatches`. */
export interface AugmentDraw {
  /** Output pixel (x, y) shows input pixel (x + shiftX, y + shiftY). */
  readonly shiftX: number;
  readonly shiftY: number;
  readonly saturation: number;
  /** Byte → value in [-1, 1] for red, green and blue, 256 each. */
  readonly table: Float32Array;
}

/** x / 127.5 − 1 for the three channels: no change at all. */
export const PLAIN_TABLE: Float32Array = Float32Array.from({ length: 768 }, (_, i) => (i & 255) / 127.5 - 1);

/** The draw that changes nothing. */
export const NO_AUGMENTATION: AugmentDraw = { shiftX: 0, shiftY: 0, saturation: 1, table: PLAIN_TABLE };

/** One draw. Uses the same number of random values whatever the settings are; fills `table` (768 values). */
export function drawAugmentation(limits: Augmentation, random: Random, table: Float32Array): AugmentDraw {
  const wholeShift = (): number => random.integer(2 * limits.shiftPixels + 1) - limits.shiftPixels;
  const factor = (limit: number): number => 1 + limit * random.range(-1, 1);
  const [shiftX, shiftY] = [wholeShift(), wholeShift()];
  const brightness = factor(limits.brightness);
  const contrast = factor(limits.contrast);
  const saturation = factor(limits.saturation);
  for (let channel = 0; channel < 3; channel++) {
    const slope = (factor(limits.channelGain) * brightness * contrast) / 127.5;
    // (v · gain − 0.5) · contrast + 0.5 with v in [0, 1], mapped to [-1, 1].
    for (let i = 0; i < 256; i++) table[channel * 256 + i] = Math.min(1, Math.max(-1, slope * i - contrast));
  }
  return { shiftX, shiftY, saturation, table };
}
