/** @file Small dense linear algebra on preallocated row-major arrays: Cholesky, triangular solves, symmetric pseudo-inverse. */

import { symmetricEigen } from '../../base/symmetric-eigen.ts';

/**
 * Factors a symmetric positive definite n × n matrix in place: the lower triangle becomes L with A = L·Lᵀ.
 * Returns false when a pivot is not positive (relative to the diagonal), with the array half overwritten.
 */
export function cholesky(a: Float64Array, n: number): boolean {
  for (let j = 0; j < n; j++) {
    const diagonal = a[j * n + j]!;
    let pivot = diagonal;
    for (let k = 0; k < j; k++) pivot -= a[j * n + k]! * a[j * n + k]!;
    if (!(pivot > 1e-13 * Math.abs(diagonal))) return false;
    const root = Math.sqrt(pivot);
    a[j * n + j] = root;
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = sum / root;
    }
  }
  return true;
}

/** Solves L·x = b in place of b, for `columns` right-hand sides stored row-major [n, columns]. */
export function forwardSolve(l: Float64Array, n: number, b: Float64Array, columns: number): void {
  for (let i = 0; i < n; i++) {
    const row = i * columns;
    for (let k = 0; k < i; k++) {
      const factor = l[i * n + k]!;
      for (let c = 0; c < columns; c++) b[row + c]! -= factor * b[k * columns + c]!;
    }
    const inverse = 1 / l[i * n + i]!;
    for (let c = 0; c < columns; c++) b[row + c]! *= inverse;
  }
}

/** Solves Lᵀ·x = b in place of b (one right-hand side). */
export function backwardSolve(l: Float64Array, n: number, b: Float64Array): void {
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= l[k * n + i]! * b[k]!;
    b[i] = sum / l[i * n + i]!;
  }
}

/**
 * x = A⁺·b for a symmetric positive semi-definite n × n matrix: Cholesky where A is regular, otherwise the pseudo-inverse
 * (NumPy's `pinv` with its relative cut-off of 1e-15). `a` and `work` are overwritten.
 */
export function solveSymmetric(a: Float64Array, n: number, b: Float64Array, work: Float64Array): void {
  for (let i = 0; i < n * n; i++) work[i] = a[i]!;
  if (cholesky(work, n)) {
    forwardSolve(work, n, b, 1);
    backwardSolve(work, n, b);
    return;
  }
  const inverse = pseudoInverse(a, n);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[i]! += inverse[i * n + j]! * b[j]!;
  b.set(out);
}

/** Pseudo-inverse of a symmetric matrix by Jacobi rotations; eigenvalues below `cutoff` times the largest count as zero. */
export function pseudoInverse(matrix: Float64Array, n: number, cutoff = 1e-15): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n);
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(values[i]!));
  const out = new Float64Array(n * n);
  for (let k = 0; k < n; k++) {
    const value = values[k]!;
    if (Math.abs(value) <= cutoff * largest) continue;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) out[i * n + j]! += (vectors[i * n + k]! * vectors[j * n + k]!) / value;
    }
  }
  return out;
}
