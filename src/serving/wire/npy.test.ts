/** @file Tests of .npy arrays against bytes that numpy wrote. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { WIRE_BYTES, bytesOf } from '../../../tests/wire-bytes.ts';
import { DEFAULT_WIRE_LIMITS } from './limits.ts';
import { NumericArray } from '../../base/numeric-array.ts';
import { decodeNpy, encodeNpy } from './npy.ts';

const read = (bytes: Uint8Array) => decodeNpy(bytes, DEFAULT_WIRE_LIMITS);

test('arrays that numpy saved are read, and written back byte for byte', () => {
  const expected: Readonly<Record<string, [string, number[], number[]]>> = {
    floats: ['f4', [3], [0, 0.25, 0.5]],
    matrix: ['f4', [2, 3], [0, 0.125, 0.25, 0.375, 0.5, 0.625]],
    image: ['u1', [1, 2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    scalar: ['f8', [], [1.5]],
    empty: ['i8', [0, 7], []],
    flags: ['b1', [3], [1, 0, 1]],
    long: ['i2', [1, 1, 1, 1, 1, 1, 2], [0, 0]],
  };
  for (const [name, [type, shape, values]] of Object.entries(expected)) {
    const bytes = bytesOf(WIRE_BYTES.npy[name]!);
    const array = read(bytes);
    assert.deepEqual([array.type, array.shape, [...array.toNumbers()]], [type, shape, values], name);
    assert.deepEqual(encodeNpy(array), bytes, name);
  }
});

test('big-endian numbers are turned around', () => {
  assert.deepEqual([...read(bytesOf(WIRE_BYTES.npy['big']!)).toNumbers()], [0, 1, 2]);
});

test('pickles of objects, records, texts, complex numbers and Fortran order are refused', () => {
  assert.deepEqual(Object.keys(WIRE_BYTES.refused), ['objects', 'records', 'columns', 'texts', 'complex']);
  for (const [name, coded] of Object.entries(WIRE_BYTES.refused)) {
    assert.throws(() => read(bytesOf(coded)), { code: 'bad-data' }, name);
  }
});

test('cut, lengthened and damaged files are refused, whatever byte is hurt', () => {
  const bytes = encodeNpy(NumericArray.ofFloats(Float32Array.of(1, 2, 3), [3]));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => read(bytes.subarray(0, length)), { code: 'bad-data' });
  }
  assert.throws(() => read(Uint8Array.of(...bytes, 0)), { code: 'bad-data' });
  for (let at = 0; at < 128; at++) {
    const hurt = bytes.slice();
    hurt[at]! ^= 0x15;
    try {
      assert.ok(read(hurt).count <= 3);
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'bad-data', `byte ${at}: ${String(error)}`);
    }
  }
  assert.throws(() => read('text' as never), { code: 'bad-data' });
});
