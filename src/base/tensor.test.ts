/** @file Host tensors: shapes are checked, and bytes are viewed without a copy where alignment allows. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { allocate, BYTES, elementCount, f32, i64, tensor, viewBytes, zeros, type DType } from './tensor.ts';

test('a tensor of another length than its shape is refused', () => {
  assert.equal(elementCount([]), 1);
  assert.equal(elementCount([2, 0, 3]), 0);
  assert.deepEqual(f32([1, 2, 3, 4], [2, 2]).shape, [2, 2]);
  assert.throws(() => tensor('f32', [2, 3], new Float32Array(5)), {
    code: 'bad-shape',
    message: 'tensor: expected 6 elements for shape [2, 3], got 5.',
  });
});

test('every element type has an array of the right width', () => {
  for (const dtype of Object.keys(BYTES) as DType[]) {
    assert.equal(allocate(dtype, 3).byteLength, 3 * BYTES[dtype], dtype);
    assert.equal(zeros(dtype, [2, 2]).data.length, 4);
  }
  assert.deepEqual([...i64([1, -2]).data], [1n, -2n]);
});

test('aligned bytes are viewed, unaligned ones are copied', () => {
  const bytes = new Uint8Array(new Float32Array([0, 1.5, -2]).buffer);
  const view = viewBytes('f32', bytes.subarray(4));
  assert.deepEqual([...view], [1.5, -2]);
  assert.equal(view.buffer, bytes.buffer);
  const shifted = new Uint8Array(13);
  shifted.set(bytes, 1);
  assert.deepEqual([...viewBytes('f32', shifted.subarray(1))], [0, 1.5, -2]);
});
