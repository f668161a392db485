/** @file Tables in 16-bit floats: only the rows that are looked up are cast, and every other reader still gets float32. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { i64, type Tensor } from '../../base/tensor.ts';
import { hostNumbers } from '../host-array.ts';
import { add, createSession, gather, input, linear, output, trace, weight } from '../index.ts';
import { castLate } from './late-casts.ts';
import { checkLegal } from './legal.ts';

const values = Array.from({ length: 8 * 4 }, (_, i) => (i - 16) / 8);
const stored: Tensor = { dtype: 'bf16', shape: [8, 4], data: hostNumbers('bf16', values) };

/** Rows of a table, and the same table as the weight of an output layer. */
const graph = trace(() => {
  const table = weight('table', 'f32', [8, 4]);
  const rows = gather(table, input('ids', 'i64', [3]), 0);
  output('rows', rows);
  output('scores', linear(add(rows, 1), table));
});

test('a look-up reads the table as it is stored, another reader a cast of the whole', () => {
  const late = castLate(graph, { table: 'bf16' });
  checkLegal(late, 'late casts');
  const steps = late.nodes.map(({ op, inputs }) => `${op.name} of ${inputs[0]!.dtype} [${inputs[0]!.shape.join()}]`);
  assert.deepEqual(steps, [
    'gather of bf16 [8,4]',
    'cast of bf16 [3,4]',
    'add of f32 [3,4]',
    'cast of bf16 [8,4]',
    'gemm of f32 [3,4]',
  ]);
  assert.equal(late.weights['table']!.dtype, 'bf16');
});

test('a reader of a table beyond 1 GiB gets it in parts that can be cast when the session loads', () => {
  const [rows, width] = [150_000, 4096];
  const large = trace(() => {
    const table = weight('table', 'f32', [rows, width]);
    output('scores', linear(gather(table, input('ids', 'i64', [3]), 0), table));
  });
  const late = castLate(large, { table: 'bf16' });
  checkLegal(late, 'late casts');
  const parts = late.nodes.flatMap(({ op, outputs }) => (op.name === 'slice' ? [outputs[0]!.shape[0]] : []));
  assert.deepEqual(parts, [65_536, 65_536, rows - 2 * 65_536]);
  assert.deepEqual(late.outputs['scores']!.shape, [3, rows]);
});

test('a table of the declared type is left alone', () => {
  assert.equal(castLate(graph, { table: 'f32' }), graph);
  assert.equal(castLate(graph, {}), graph);
});

test('a session of a 16-bit table returns exact rows and scores', async (t) => {
  const session = await createSession(graph, { runtime: 'cpu', weights: { table: stored } });
  t.after(() => session.close());
  const { rows, scores } = await session.run({ ids: i64([7, 0, 5]) });
  const row = (i: number): number[] => values.slice(4 * i, 4 * i + 4);
  assert.deepEqual([...(rows!.data as Float32Array)], [...row(7), ...row(0), ...row(5)]);
  const expected = row(7).reduce((sum, x, i) => sum + (x + 1) * row(3)[i]!, 0);
  assert.ok(Math.abs(Number(scores!.data[3]) - expected) < 1e-6);
});
