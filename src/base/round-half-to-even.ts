/** @file Rounding as Python and NumPy round: to the nearest whole number, halves to the even one. */

/** The nearest whole number; halves go to the even neighbour (`Math.round` sends them up). */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
