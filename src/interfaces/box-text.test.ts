/** @file Boxes written as text and read again are where they were, to half a part in 99. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { boxText, parseBoxText, pointText } from './box-text.ts';

test('boxes read from their text are those that were written, to half a part', () => {
  const random = new Random(1);
  for (let i = 0; i < 500; i++) {
    const [a, b, c, d] = [random.uniform(), random.uniform(), random.uniform(), random.uniform()];
    const box = [Math.min(a, b), Math.min(c, d), Math.max(a, b), Math.max(c, d)] as const;
    const text = boxText(box);
    assert.match(text, /^\d\d? \d\d? \d\d? \d\d?$/);
    const read = parseBoxText(text)!;
    for (const [k, value] of read.entries()) assert.ok(Math.abs(value - box[k]!) < 1 / 190, text);
    assert.equal(boxText(read), text);
  }
});

test('edges, points and nonsense', () => {
  assert.equal(boxText([0, 0, 1, 1]), '0 0 99 99');
  assert.equal(boxText([-1, 0.5, 0.25, 2]), '0 50 25 99');
  assert.equal(pointText([0.129, 1]), '13 99');
  for (const text of ['', '1 2 3', '1 2 3 4 5', '50 0 40 10', '0 0 100 10', '-1 2 3 4', '0.1 0.2 3 4', 'the cube']) {
    assert.equal(parseBoxText(text), null, text);
  }
  assert.deepEqual(parseBoxText('[0, 11, 33, 99]'), [0, 1 / 9, 1 / 3, 1]);
});
