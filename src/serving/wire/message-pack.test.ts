/** @file MessagePack byte for byte as Python's msgpack has it, openpi's arrays, and messages that lie about their lengths. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import test from 'node:test';
import { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import { ARRAY_DIALECTS, arrayMessages } from './array-dialects.ts';
import { DEFAULT_WIRE_LIMITS } from './limits.ts';
import { BytesKeyMap, Float, decodeMessagePack, encodeMessagePack } from './message-pack.ts';
import { NumericArray } from '../../base/numeric-array.ts';

const { plain, arrays } = JSON.parse(fs.readFileSync('tests/golden/openpi-messages.json', 'utf8')) as {
  plain: { name: string; value: unknown; base64: string }[];
  arrays: { name: string; descr: string; shape: number[]; numbers: number[]; base64: string }[];
};
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const openpi = arrayMessages(ARRAY_DIALECTS.openpi, DEFAULT_WIRE_LIMITS);

/** JSON has no bytes, no floats that are whole, and no large integers: {"$bytes"}, {"$float"}, {"$int"}. */
function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived);
  if (typeof value !== 'object' || value === null) return value;
  const { $bytes, $float, $int } = value as Record<string, string | number | undefined>;
  if ($bytes !== undefined) return bytes($bytes as string);
  if ($float !== undefined) return new Float(Number($float));
  if ($int !== undefined) return BigInt($int);
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, revived(entry)]));
}

const plainOf = (value: unknown): unknown => {
  if (value instanceof Float) return value.value;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.assign(Object.create(null), Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plainOf(v)])));
};

for (const { name, value, base64 } of plain) {
  test(`${name}: written as Python writes it, and read back`, () => {
    const given = revived(value);
    assert.equal(Buffer.from(encodeMessagePack(given)).toString('base64'), base64);
    assert.deepEqual(decodeMessagePack(bytes(base64), DEFAULT_WIRE_LIMITS), plainOf(given));
  });
}

for (const { name, descr, shape, numbers, base64 } of arrays) {
  test(`array ${name}: read as numpy wrote it, and written so where it is no big-endian one`, () => {
    const array = openpi.decode(bytes(base64));
    assert.ok(array instanceof NumericArray);
    assert.deepEqual(array.shape, shape);
    assert.deepEqual([...array.toNumbers()], numbers);
    if (!descr.startsWith('>')) {
      assert.equal(array.descr, descr);
      assert.equal(Buffer.from(openpi.encode(array)).toString('base64'), base64);
    }
  });
}

test('every integer that a length or a sign makes special survives', () => {
  const random = new Random(7);
  for (const bits of [4, 5, 7, 8, 15, 16, 31, 32, 52, 53]) {
    for (const value of [
      2 ** bits - 1,
      2 ** bits,
      -(2 ** bits),
      1 - 2 ** bits,
      random.integer(2 ** Math.min(bits, 31)),
    ]) {
      if (!Number.isSafeInteger(value)) continue;
      assert.equal(decodeMessagePack(encodeMessagePack(value), DEFAULT_WIRE_LIMITS), value);
    }
  }
});

test('a byte string is a view of the message', () => {
  const message = encodeMessagePack({ data: Uint8Array.of(1, 2, 3) });
  const { data } = decodeMessagePack(message, DEFAULT_WIRE_LIMITS) as { data: Uint8Array };
  assert.equal(data.buffer, message.buffer);
  assert.deepEqual([...data], [1, 2, 3]);
});

const refused: Readonly<Record<string, readonly number[]>> = {
  'nothing at all': [],
  'a list of four billion entries': [0xdd, 0xff, 0xff, 0xff, 0xff],
  'a map of four billion entries': [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa1, 97, 1],
  'bytes that are not there': [0xc6, 0x7f, 0xff, 0xff, 0xff, 0],
  'a text that is not there': [0xdb, 0, 0, 0, 9, 97],
  'half a float': [0xcb, 0, 0],
  'an extension type': [0xd4, 1, 0],
  'the code that nobody uses': [0xc1],
  'two values': [1, 2],
  'a key that is a list': [0x81, 0x90, 1],
  'a key twice': [0x82, 0xa1, 97, 1, 0xa1, 97, 2],
  'a text that is not UTF-8': [0xa1, 0xff],
  'lists in lists without end': Array.from({ length: 5000 }, () => 0x91),
  'lists of lists that claim much each': Array.from({ length: 30_000 }, (_, i) => [0xdc, 0xff, 0xff][i % 3]!),
};
for (const [name, message] of Object.entries(refused)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => decodeMessagePack(Uint8Array.from(message), DEFAULT_WIRE_LIMITS),
      (error) => error instanceof VlaError && error.code === 'bad-data',
    );
  });
}

test('a map may be called __proto__ without harm', () => {
  const map = decodeMessagePack(
    Uint8Array.from([0x81, 0xa9, ...Buffer.from('__proto__'), 0x81, 0xa1, 97, 1]),
    DEFAULT_WIRE_LIMITS,
  );
  assert.equal((map as { a?: number }).a, undefined);
  assert.equal(({} as { a?: number }).a, undefined);
});

test('arrays are refused by type, shape, bytes and size', () => {
  const map = (dtype: unknown, shape: unknown, data: unknown) =>
    encodeMessagePack(
      new BytesKeyMap([
        ['__ndarray__', true],
        ['data', data],
        ['dtype', dtype],
        ['shape', shape],
      ]),
    );
  const bad = [
    map('|O', [1], new Uint8Array(8)),
    map('<c16', [1], new Uint8Array(16)),
    map('<f4', [2], new Uint8Array(7)),
    map('<f4', [-1], new Uint8Array(4)),
    map('<f4', [1.5], new Uint8Array(6)),
    map('<f4', [2 ** 40, 0], new Uint8Array(0)),
    map('<f4', [1, 1, 1, 1, 1, 1, 1, 1, 1], new Uint8Array(4)),
    map('<f4', [1], 'text'),
    map('|u1', [DEFAULT_WIRE_LIMITS.arrayBytes + 1], new Uint8Array(DEFAULT_WIRE_LIMITS.arrayBytes + 1)),
  ];
  for (const message of bad) {
    assert.throws(
      () => openpi.decode(message),
      (error) => error instanceof VlaError && error.code === 'bad-data',
    );
  }
});
