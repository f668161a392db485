/** @file 16-bit floats: every bit pattern survives the round trip, and rounding goes to the nearest, ties to even. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { fromBfloat16, fromHalf, toBfloat16, toHalf } from './half.ts';

const FORMATS = [
  { name: 'half', to: toHalf, from: fromHalf, largest: 65504, exponentBits: 0x7c00 },
  { name: 'bfloat16', to: toBfloat16, from: fromBfloat16, largest: 3.3895313892515355e38, exponentBits: 0x7f80 },
];

for (const { name, to, from, largest, exponentBits } of FORMATS) {
  test(`${name}: all 65,536 patterns round-trip`, () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = from(bits);
      if (Number.isNaN(value)) assert.ok(Number.isNaN(from(to(value))));
      else assert.equal(to(value), bits, `pattern ${bits.toString(16)}`);
    }
  });

  test(`${name}: the middle between neighbours goes to the even one, the rest to the nearest`, () => {
    for (let bits = 0; bits + 1 < exponentBits; bits++) {
      const [low, high] = [from(bits), from(bits + 1)];
      const middle = (low + high) / 2;
      assert.equal(to(middle), bits % 2 === 0 ? bits : bits + 1);
      assert.equal(to(low + (high - low) * 0.25), bits);
      assert.equal(to(-(low + (high - low) * 0.75)), (bits + 1) | 0x8000);
    }
  });

  test(`${name}: the largest number, overflow and infinity`, () => {
    assert.equal(from(exponentBits - 1), largest);
    assert.equal(from(to(largest * 1.01)), Infinity);
    assert.equal(from(to(-Infinity)), -Infinity);
  });
}
