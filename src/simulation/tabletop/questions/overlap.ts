/** @file How much of two boxes is common. */

import type { Box } from '../../../interfaces/annotation.ts';

/** Intersection over union, 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const area = ([x0, y0, x1, y1]: Box): number => Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
  const common = area([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
  const union = area(a) + area(b) - common;
  return union > 0 ? common / union : 0;
}
