/** @file Rotary angles: which axis turns which frequency, and that scores depend on distances alone. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../base/tensor.ts';
import { createSession, input, matmul, output, trace } from '../engine/index.ts';
import { applyRotary, imageRotaryAngles, interleavedRotaryAngles, rotaryAngles, rotaryTable } from './rotary.ts';

test('frequencies fall from 1 by a constant factor', () => {
  assert.deepEqual(rotaryAngles([0, 1, 3], 4, 100), [
    [0, 0],
    [1, 0.1],
    [3, 3 * 0.1],
  ]);
});

test('an image turns the first half with its rows and the second with its columns', () => {
  assert.deepEqual(imageRotaryAngles([2], [5], 8, 100), [[2, 2 * 0.1, 5, 5 * 0.1]]);
});

test('three axes are interleaved over the frequencies', () => {
  // Frequencies of all 1: the angles are the positions, so they tell the axis.
  const axes = (sections: readonly [number, number, number]) =>
    interleavedRotaryAngles([[1], [2], [3]], sections, 2 * (sections[0] + sections[1] + sections[2]), 1)[0];
  assert.deepEqual(axes([2, 2, 2]), [1, 2, 3, 1, 2, 3]);
  assert.deepEqual(axes([4, 2, 1]), [1, 2, 3, 1, 2, 1, 1]);
  const published = axes([24, 20, 20])!;
  assert.deepEqual(
    [1, 2, 3].map((axis) => published.filter((angle) => angle === axis).length),
    [24, 20, 20],
  );
  assert.deepEqual(published.slice(57), [1, 2, 3, 1, 1, 1, 1]);
  assert.throws(() => interleavedRotaryAngles([[1], [2], [3]], [1, 1, 1], 8, 1), { code: 'bad-argument' });
});

test('a score depends on the distance of two positions, not on where they are', async () => {
  const graph = trace(() => {
    const x = input('x', 'f32', [1, 2, 4, 6]);
    const turned = applyRotary(x, rotaryTable(rotaryAngles([0, 2, 7, 9], 6, 50), 1));
    output('scores', matmul(turned, turned, { transB: true }));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  // The same vector at every position, another one in each head.
  const row = [0.3, -1, 0.7, 1.1, 0.2, -0.4];
  const heads = [row, row.map((value) => 2 * value + 1)].flatMap((head) => [head, head, head, head].flat());
  const { scores } = await session.run({ x: f32(heads, [1, 2, 4, 6]) });
  await session.close();
  const at = (head: number, q: number, k: number): number => Number(scores!.data[(head * 4 + q) * 4 + k]);
  for (const head of [0, 1]) {
    assert.ok(Math.abs(at(head, 0, 1) - at(head, 2, 3)) < 1e-5);
    assert.ok(Math.abs(at(head, 0, 2) - at(head, 1, 3)) < 1e-5);
    assert.ok(Math.abs(at(head, 0, 1) - at(head, 0, 2)) > 1e-2);
  }
});
