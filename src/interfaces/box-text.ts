/**
 * @file Boxes and points as text, where a model has no tokens of its own for coordinates: whole numbers from 0 (left or top edge of the image) to 99
 * (right or bottom edge), the nearest to where the side lies, with spaces between them.
 */

import type { Box, ImagePoint } from './annotation.ts';

/** The number that stands for the right and for the bottom edge. */
const LAST = 99;

/** "x0 y0 x1 y1", for example "40 41 52 55"; the whole image is "0 0 99 99". What lies outside the image is cut off. */
export function boxText(box: Box): string {
  return box.map(nearest).join(' ');
}

/** "x y". */
export function pointText(point: ImagePoint): string {
  return point.map(nearest).join(' ');
}

/**
 * The box that a text names, in fractions; each side less than 1/190 from that of the box which the text was made of. Null when the text does not hold
 * exactly four whole numbers from 0 to 99, or not in a sensible order.
 */
export function parseBoxText(text: string): Box | null {
  const numbers = text.match(/-?\d+(\.\d+)?/g)?.map(Number) ?? [];
  if (numbers.length !== 4 || numbers.some((value) => !Number.isInteger(value) || value < 0 || value > LAST))
    return null;
  const [x0, y0, x1, y1] = numbers as [number, number, number, number];
  return x1 < x0 || y1 < y0 ? null : [x0 / LAST, y0 / LAST, x1 / LAST, y1 / LAST];
}

function nearest(fraction: number): number {
  return Math.round(Math.max(0, Math.min(1, fraction)) * LAST);
}
