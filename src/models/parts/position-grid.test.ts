/** @file Position tables: resampling by hand, and sinusoids that tell places apart. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { imageSinusoids, resampleGrid } from './position-grid.ts';
import { mergeOrder } from './vision-tower.ts';

test('patches come group by group', () => {
  const { rows, columns } = mergeOrder(1, 2, 2);
  assert.deepEqual(rows, [0, 0, 1, 1, 0, 0, 1, 1]);
  assert.deepEqual(columns, [0, 1, 0, 1, 2, 3, 2, 3]);
});

test('a table of the image’s size is read as it is', () => {
  const places = mergeOrder(2, 2, 1);
  assert.deepEqual([...resampleGrid(places, [2, 2], 2)], [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
});

test('between entries the weights are bilinear, and the corners coincide', () => {
  // Three columns over a table of two: left, the middle of both, right; one row reads the first row of the table.
  const weights = resampleGrid({ rows: [0, 0, 0], columns: [0, 1, 2] }, [1, 3], 2);
  assert.deepEqual([...weights], [1, 0, 0, 0, 0.5, 0.5, 0, 0, 0, 1, 0, 0]);
});

test('sinusoids differ from place to place and stay within their amplitude', () => {
  const [side, width] = [8, 16];
  const fill = imageSinusoids(side, width, 0.5);
  const rows = Array.from({ length: side * side }, (_, place) =>
    Array.from({ length: width }, (_, k) => fill(place * width + k)),
  );
  assert.ok(rows.flat().every((value) => Math.abs(value) <= 0.5));
  for (const [i, a] of rows.entries()) {
    for (const b of rows.slice(i + 1)) {
      assert.ok(Math.hypot(...a.map((value, k) => value - b[k]!)) > 0.1);
    }
  }
});
