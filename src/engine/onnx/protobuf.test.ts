/** @file The wire format, byte for byte (https://protobuf.dev/programming-guides/encoding). */

import assert from 'node:assert/strict';
import test from 'node:test';
import { MessageWriter } from './protobuf.ts';

function hex(fill: (out: MessageWriter) => void): string {
  const out = new MessageWriter();
  fill(out);
  assert.equal(out.length, out.finish().byteLength);
  return Buffer.from(out.finish()).toString('hex');
}

test('fields are written as the format says', () => {
  assert.equal(
    hex((m) => m.integer(1, 150)),
    '089601',
  );
  assert.equal(
    hex((m) => m.integer(1, -2)),
    '08feffffffffffffffff01',
  );
  assert.equal(
    hex((m) => m.integer(20, 2 ** 40)),
    'a001808080808020',
  );
  assert.equal(
    hex((m) => m.text(2, 'testing')),
    '120774657374696e67',
  );
  assert.equal(
    hex((m) => m.float(2, 1.5)),
    '150000c03f',
  );
  assert.equal(
    hex((m) => m.integers(6, [3, 270, 86942])),
    '3206038e029ea705',
  );
  assert.equal(
    hex((m) => m.message(3, (n) => n.integer(1, 150))),
    '1a03089601',
  );
  assert.equal(
    hex((m) => m.data(9, Uint8Array.of(1, 2))),
    '4a020102',
  );
});
