/** @file The eigen-decomposition puts random symmetric matrices together again, with orthonormal vectors. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from './random.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

test('V diag(λ) Vᵀ is the matrix, and V is orthogonal', () => {
  const random = new Random(1);
  for (const n of [1, 2, 3, 7, 45]) {
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = random.normal();
    }
    const before = matrix.slice();
    const { values, vectors } = symmetricEigen(matrix, n);
    assert.deepEqual(matrix, before, 'the matrix is left as it was');
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let [product, inner] = [0, 0];
        for (let k = 0; k < n; k++) {
          product += vectors[i * n + k]! * values[k]! * vectors[j * n + k]!;
          inner += vectors[k * n + i]! * vectors[k * n + j]!;
        }
        assert.ok(Math.abs(product - matrix[i * n + j]!) < 1e-11);
        assert.ok(Math.abs(inner - (i === j ? 1 : 0)) < 1e-12);
      }
    }
  }
});

test('a repeated eigenvalue and a diagonal matrix are no trouble', () => {
  const { values } = symmetricEigen(Float64Array.of(2, 0, 0, 0, 2, 0, 0, 0, 5), 3);
  assert.deepEqual([...values], [2, 2, 5]);
});
