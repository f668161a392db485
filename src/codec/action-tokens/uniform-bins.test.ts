/** @file Uniform bins: DM0's ids, rounding as NumPy's, the way back. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { createUniformBins, DM0_BINS } from './uniform-bins.ts';

const dm0 = createUniformBins(DM0_BINS);

test('the ends and the middle of the range are DM0’s tokens', () => {
  assert.deepEqual(dm0.encode([-1, 0, 1]), [151_698, 151_825, 151_952]);
  assert.deepEqual(dm0.encode([-7, 1.0001]), [151_698, 151_952]);
  assert.deepEqual([...dm0.decode([151_698n, 151_825n, 151_952n])], [-1, 0, 1]);
});

test('halves go to the even bin', () => {
  const bins = createUniformBins({ bins: 5, firstToken: 0 });
  assert.deepEqual(bins.encode([-0.75, -0.25, 0.25, 0.75]), [0, 2, 2, 4]);
});

test('every token is its own, and no value moves by more than half a bin', () => {
  const tokens = Array.from({ length: 255 }, (_, i) => 151_698 + i);
  assert.deepEqual(dm0.encode(dm0.decode(tokens)), tokens);
  const values = Array.from({ length: 1001 }, (_, i) => i / 500 - 1);
  const back = dm0.decode(dm0.encode(values));
  assert.ok(values.every((value, i) => Math.abs(value - back[i]!) <= 1 / 254 + 1e-12));
});

test('what is no number and no action token is refused', () => {
  assert.throws(() => dm0.encode([0, Number.NaN]), { code: 'not-finite', message: /index 1/ });
  assert.throws(() => dm0.decode([151_697]), { code: 'bad-data', message: /151698 to 151952, got 151697/ });
  assert.throws(() => dm0.decode([151_953]), { code: 'bad-data' });
  assert.throws(() => createUniformBins({ bins: 1, firstToken: 0 }), { code: 'bad-argument' });
});
