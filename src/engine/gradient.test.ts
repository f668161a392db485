/** @file What the gradient promises beyond single operators: where it stops, where it is zero, and what it refuses. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../base/tensor.ts';
import * as e from './index.ts';

/** Runs a graph of one input "x" of three numbers on cpu and on the reference; both must agree. */
async function run(build: (x: e.Value) => void): Promise<Record<string, number[]>> {
  const graph = e.trace(() => build(e.input('x', 'f32', [3])));
  const results = await Promise.all(
    (['cpu', 'reference'] as const).map(async (runtime) => {
      const session = await e.createSession(graph, { runtime });
      const outputs = await session.run({ x: f32([1, -2, 3]) });
      await session.close();
      return Object.fromEntries(Object.entries(outputs).map(([name, y]) => [name, [...(y.data as Float32Array)]]));
    }),
  );
  assert.deepEqual(results[0], results[1]);
  return results[0]!;
}

test('no gradient flows through stopGradient, though the value does', async () => {
  const results = await run((x) => {
    const held = e.stopGradient(x);
    e.output('value', held);
    e.output('all held', e.gradient(e.reduceSum(e.mul(held, held)), [x])[0]!);
    // d/dx Σ x · held(x) is held(x), not 2 x.
    e.output('one factor held', e.gradient(e.reduceSum(e.mul(x, held)), [x])[0]!);
    // Behind other operators, too: d/dx Σ exp(held(2 x)) + 5 x.
    const behind = e.add(e.exp(e.stopGradient(e.mul(x, 2))), e.mul(x, 5));
    e.output('behind others', e.gradient(e.reduceSum(behind), [x])[0]!);
    // The held value itself can be what is differentiated by.
    e.output('by what is held', e.gradient(e.reduceSum(e.mul(held, held)), [held])[0]!);
  });
  assert.deepEqual(results, {
    value: [1, -2, 3],
    'all held': [0, 0, 0],
    'one factor held': [1, -2, 3],
    'behind others': [5, 5, 5],
    'by what is held': [2, -4, 6],
  });
});

test('a value that the loss does not depend on has gradient zero, in its own shape', async () => {
  const results = await run((x) => {
    const other = e.reshape(e.slice(e.exp(x), 0, 0, 2), [2, 1]);
    const [toX, toOther] = e.gradient(e.reduceSum(x), [x, other]);
    assert.deepEqual(toOther!.shape, [2, 1]);
    e.output('same', toX!);
    e.output('other', toOther!);
    // Comparisons and whole numbers pass nothing on.
    e.output('compared', e.gradient(e.reduceSum(e.cast(e.greater(x, 0), 'f32')), [x])[0]!);
    e.output('rounded', e.gradient(e.reduceSum(e.cast(e.cast(x, 'i64'), 'f32')), [x])[0]!);
  });
  assert.deepEqual(results, { same: [1, 1, 1], other: [0, 0], compared: [0, 0, 0], rounded: [0, 0, 0] });
});

/** A `bad-shape` error with this message and a hint that names one of the ways out. */
const refusal = (message: string, hint: RegExp) => ({ name: 'VlaError', code: 'bad-shape', message, hint });

test('a loss that is not a float scalar is refused with what to do', () => {
  const x = (): e.Value => e.input('x', 'f32', [2, 'T']);
  assert.throws(
    () => e.trace(() => e.gradient(e.exp(x()), [])),
    refusal('gradient: expected a float scalar as loss, got f32 [2, T].', /reduceMean or reduceSum/),
  );
  assert.throws(
    () => e.trace(() => e.gradient(e.reduceSum(e.input('i', 'i64', [4])), [])),
    refusal('gradient: expected a float scalar as loss, got i64 [].', /reduceMean or reduceSum/),
  );
});

test('shapes that do not broadcast and types that differ are refused by the operator', () => {
  const pair = (a: readonly e.Dim[], b: readonly e.Dim[], dtype: 'f32' | 'f16' = 'f32'): [e.Value, e.Value] => [
    e.input('a', 'f32', a),
    e.input('b', dtype, b),
  ];
  const hint = /equal or 1/;
  for (const [name, operator] of Object.entries({ add: e.add, mul: e.mul, maximum: e.maximum, less: e.less })) {
    assert.throws(
      () => e.trace(() => operator(...pair([2, 3], [2]))),
      refusal(`${name}: expected shapes that broadcast, got [2, 3] and [2].`, hint),
    );
  }
  assert.throws(
    () => e.trace(() => e.add(...pair(['B', 'T'], ['T', 'B']))),
    refusal('add: expected shapes that broadcast, got [B, T] and [T, B].', hint),
  );
  assert.throws(
    () => e.trace(() => e.matmul(...pair([2, 3, 4], [3, 4, 5]))),
    refusal('matmul: expected shapes that broadcast, got [2] and [3].', hint),
  );
  assert.throws(
    () => e.trace(() => e.mul(...pair([2], [2], 'f16'))),
    refusal('mul: expected one element type, got f32 [2] and f16 [2].', /cast\(x, dtype\)/),
  );
});

test('dims hands out sizes and refuses what does not fit its pattern', () => {
  const x = { dtype: 'f32', shape: [2, 7, 7] } as const;
  assert.deepEqual({ ...e.dims(x, 'B T T') }, { B: 2, T: 7 });
  assert.deepEqual({ ...e.dims(x, 'B T 7', { B: 2 }) }, { B: 2, T: 7, 7: 7 });
  assert.deepEqual({ ...e.namedDims({ dtype: 'f32', shape: ['batch', 7] }, 'B T') }, { B: 'batch', T: 7 });
  assert.throws(() => e.dims(x, 'B T'), refusal('dims: expected 2 axes "B T", got [2, 7, 7].', /Name every axis/));
  const fits = /check the order of the axes/;
  assert.throws(() => e.dims(x, 'B B T'), refusal('dims: "B B T": expected B = 2, got 7 in [2, 7, 7].', fits));
  assert.throws(() => e.dims(x, 'B 5 T'), refusal('dims: "B 5 T": expected 5, got 7 in [2, 7, 7].', fits));
  assert.throws(
    () => e.dims(x, 'B T D', { D: 96 }),
    refusal('dims: "B T D": expected D = 96, got 7 in [2, 7, 7].', fits),
  );
  assert.throws(
    () => e.dims({ dtype: 'f32', shape: ['batch', 7] }, 'B T'),
    refusal('dims: "B T": expected B as a number, got "batch".', /namedDims/),
  );
});
