/** @file The eigen-decomposition of a symmetric matrix by cyclic Jacobi rotations: slow for large matrices, exact to rounding for small ones. */

/** Enough for convergence at any size that fits a robot; Jacobi's convergence is quadratic. */
const MOST_SWEEPS = 30;
/** The sum of squares beside the diagonal at which it counts as diagonal. */
const NEGLIGIBLE = 1e-26;

/** A = V · diag(values) · Vᵀ. In no order; a vector's sign is arbitrary. */
export interface SymmetricEigen {
  readonly values: Float64Array;
  /** Row-major [n, n]; column k belongs to value k. */
  readonly vectors: Float64Array;
}

/** Decomposes a symmetric row-major n × n matrix. */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  const a = matrix.slice(0, n * n);
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1;
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) off += a[i * n + j]! ** 2;
    if (off < NEGLIGIBLE) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q);
  }
  return { values: Float64Array.from({ length: n }, (_, k) => a[k * n + k]!), vectors };
}

/** Makes element (p, q) zero by a rotation of rows and columns p and q. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]!;
  if (Math.abs(apq) < 1e-300) return;
  const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[k * n + p]!, a[k * n + q]!];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (let k = 0; k < n; k++) {
    const [x, y] = [a[p * n + k]!, a[q * n + k]!];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
  for (let k = 0; k < n; k++) {
    const [x, y] = [vectors[k * n + p]!, vectors[k * n + q]!];
    vectors[k * n + p] = c * x - s * y;
    vectors[k * n + q] = s * x + c * y;
  }
}
