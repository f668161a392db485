/** @file The error function of a number to double precision: Taylor series near zero, continued fraction far out. */

/** erf(x), relative error below 1e-14. */
export function erfNumber(x: number): number {
  const z = Math.abs(x);
  if (Number.isNaN(x)) return x;
  const value = z < 2.5 ? series(z) : z > 6 ? 1 : 1 - complement(z);
  return x < 0 ? -value : value;
}

/** 2/√π · e^{−z²} · Σ 2ⁿ z^{2n+1} / (2n+1)!! (Abramowitz and Stegun 7.1.6: no cancellation). */
function series(z: number): number {
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum;
}

/** erfc by its continued fraction (Abramowitz and Stegun 7.1.14), evaluated from the tail. */
function complement(z: number): number {
  let tail = z;
  for (let k = 60; k >= 1; k--) tail = z + k / 2 / tail;
  return Math.exp(-z * z) / Math.sqrt(Math.PI) / tail;
}
