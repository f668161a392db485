/**
 * @file The discrete cosine transform over time, orthonormal, one action dimension at a time: type II forward, type III
 * back. C[k] = s_k Σ_n x[n] cos(π (2n + 1) k / 2T), s_0 = √(1/T), s_k = √(2/T). In 64 bits.
 */

/** The coefficients of values [T, D] (row-major): [T, D], frequency first. */
export function forwardDct(values: ArrayLike<number>, T: number, D: number): Float64Array {
  const basis = cosineBasis(T);
  const out = new Float64Array(T * D);
  for (let k = 0; k < T; k++) {
    for (let n = 0; n < T; n++) {
      const weight = basis[k * T + n]!;
      for (let d = 0; d < D; d++) out[k * D + d]! += weight * values[n * D + d]!;
    }
  }
  return out;
}

/** The values [T, D] of coefficients [T, D]. */
export function inverseDct(coefficients: ArrayLike<number>, T: number, D: number): Float64Array {
  const basis = cosineBasis(T);
  const out = new Float64Array(T * D);
  for (let k = 0; k < T; k++) {
    for (let n = 0; n < T; n++) {
      const weight = basis[k * T + n]!;
      for (let d = 0; d < D; d++) out[n * D + d]! += weight * coefficients[k * D + d]!;
    }
  }
  return out;
}

const bases = new Map<number, Float64Array>();
const MAX_BASES = 16;

/** s_k cos(π (2n + 1) k / 2T) at [k, n]. */
function cosineBasis(T: number): Float64Array {
  let basis = bases.get(T);
  if (basis === undefined) {
    basis = Float64Array.from({ length: T * T }, (_, i) => {
      const [k, n] = [Math.floor(i / T), i % T];
      // The angle is reduced to one turn while it is still a whole number of quarter steps.
      const angle = (((2 * n + 1) * k) % (4 * T)) * (Math.PI / (2 * T));
      return Math.sqrt((k === 0 ? 1 : 2) / T) * Math.cos(angle);
    });
    if (bases.size >= MAX_BASES) bases.clear();
    bases.set(T, basis);
  }
  return basis;
}
