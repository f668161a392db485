/** @file Safetensors: round trips of every element type, and every way in which a file can be damaged. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from './errors.ts';
import { decodeSafetensors, encodeSafetensors, parseHeader } from './safetensors.ts';
import { BYTES, f32, i64, tensor, zeros, type DType } from './tensor.ts';

const file = (header: unknown, data = new Uint8Array(0)): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
};

test('every element type and shape comes back, with the metadata', () => {
  const tensors = {
    ...Object.fromEntries((Object.keys(BYTES) as DType[]).map((dtype) => [`zeros.${dtype}`, zeros(dtype, [3])])),
    weight: f32([1, 2, 3, 4, 5, 6], [2, 3]),
    scalar: f32([7], []),
    empty: f32([], [0, 4]),
    count: i64([1, 2 ** 40]),
    raw: tensor('bf16', [2], Uint16Array.of(0x3f80, 0xc000)),
  };
  const { tensors: got, metadata } = decodeSafetensors(encodeSafetensors(tensors, { format: 'pt' }));
  assert.deepEqual(got, tensors);
  assert.deepEqual(metadata, { format: 'pt' });
});

test('data start at a multiple of 64 bytes and offsets count from the start of the file', () => {
  const bytes = encodeSafetensors({ a: f32([1]), b: f32([2]) });
  const { tensors, headerBytes } = parseHeader(bytes, bytes.byteLength);
  assert.equal(headerBytes % 64, 0);
  assert.deepEqual(tensors['b'], { dtype: 'f32', shape: [1], offset: headerBytes + 4, length: 4 });
});

test('a file cut at any byte is refused with one clear error', () => {
  const whole = encodeSafetensors({ a: f32([1, 2]), b: f32([3]) });
  for (let length = 0; length < whole.length; length++) {
    assert.throws(
      () => decodeSafetensors(whole.subarray(0, length), 'model.safetensors'),
      (error) =>
        error instanceof VlaError && error.code === 'bad-data' && error.message.startsWith('model.safetensors'),
      `${length} of ${whole.length} bytes`,
    );
  }
});

test('damaged headers are refused, whatever is wrong in them', () => {
  const four = new Uint8Array(4);
  const damaged: Record<string, Uint8Array> = {
    'not JSON': file('{"a": '),
    'a list': file([]),
    'a null entry': file({ a: null }, four),
    'no offsets': file({ a: { dtype: 'F32', shape: [1] } }, four),
    'no shape': file({ a: { dtype: 'F32', data_offsets: [0, 4] } }, four),
    'a text as shape': file({ a: { dtype: 'F32', shape: 'x', data_offsets: [0, 4] } }, four),
    'a negative size': file({ a: { dtype: 'F32', shape: [-1, -1], data_offsets: [0, 4] } }, four),
    'a broken size': file({ a: { dtype: 'F32', shape: [0.5, 2], data_offsets: [0, 4] } }, four),
    'a negative offset': file({ a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }, four),
    'a length that is not the shape’s': file({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, four),
    'an end behind the file': file({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, four),
    'bytes that two tensors share': file(
      {
        a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
        b: { dtype: 'F16', shape: [1], data_offsets: [2, 4] },
      },
      four,
    ),
    'a header longer than any': Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 0),
  };
  for (const [what, bytes] of Object.entries(damaged)) {
    assert.throws(() => decodeSafetensors(bytes), { name: 'VlaError', code: 'bad-data' }, what);
  }
  assert.throws(() => decodeSafetensors(file({ a: { dtype: 'F33', shape: [1], data_offsets: [0, 4] } }, four)), {
    code: 'not-found',
    hint: 'Did you mean "F32"?',
  });
});
