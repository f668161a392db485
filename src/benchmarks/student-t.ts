/** @file Quantiles of Student's t distribution, for any number of degrees of freedom from 1. */

import { VlaError } from '../base/errors.ts';

/** Cells of the integral, two of Simpson's intervals each. */
const CELLS = 2000;

/**
 * The t with P(|T| ≤ t) = `level` for `degrees` ≥ 1 degrees of freedom, not necessarily whole. With u = atan(t / √degrees) the
 * density is proportional to cos(u)^(degrees − 1) on (−π/2, π/2) (Abramowitz and Stegun 1964, 26.7), which is smooth enough
 * for Simpson's rule.
 */
export function studentQuantile(level: number, degrees: number): number {
  if (!(level > 0 && level < 1 && degrees >= 1)) {
    throw new VlaError(
      'bad-argument',
      `studentQuantile: expected a level between 0 and 1 and at least 1 degree of freedom, got ${level} and ${degrees}.`,
      { hint: 'An interval needs at least two observations.' },
    );
  }
  const density = (u: number): number => Math.max(0, Math.cos(u)) ** (degrees - 1);
  // Beyond, there is less than 1e-20 of the whole.
  const end = Math.min(Math.PI / 2, 10 / Math.sqrt(degrees));
  const width = end / CELLS;
  const cells = Array.from({ length: CELLS }, (_, i) => {
    return (width * (density(i * width) + 4 * density((i + 0.5) * width) + density((i + 1) * width))) / 6;
  });
  let left = level * cells.reduce((sum, cell) => sum + cell, 0);
  const cell = cells.findIndex((area) => {
    left -= area;
    return left <= 0;
  });
  return Math.sqrt(degrees) * Math.tan((cell + 1) * width + left / density((cell + 0.5) * width));
}
