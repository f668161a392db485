/** @file Every element type through the edge of a graph and back, on every runtime; what a runtime cannot hold is refused. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../base/errors.ts';
import type { DType, Tensor } from '../base/tensor.ts';
import { hostNumbers } from './host-array.ts';
import { add, cast, createSession, input, mul, output, trace, weight, type Runtime } from './index.ts';
import { webGpuMissing } from './runtimes/webgpu-driver.ts';

/** The ends of each type's range, or numbers that its neighbours cannot hold. */
const VALUES: Readonly<Record<Exclude<DType, 'bf16'>, readonly number[]>> = {
  f64: [0.1, -(2 ** 60) - 2 ** 9, 1e-200],
  f32: [Math.fround(0.1), -1e30, 2 ** -140],
  f16: [65504, -(2 ** -14), 2 ** -24],
  i64: [2 ** 53 - 1, -(2 ** 40), 0],
  i32: [2 ** 31 - 1, -(2 ** 31), 7],
  i8: [127, -128, 3],
  u8: [255, 0, 200],
  bool: [1, 0, 1],
};
const DTYPES = Object.keys(VALUES) as (keyof typeof VALUES)[];

function tensorOf(dtype: keyof typeof VALUES): Tensor {
  const values = VALUES[dtype];
  return { dtype, shape: [values.length], data: hostNumbers(dtype, values) } as Tensor;
}

const missing = await webGpuMissing();
const RUNTIMES: readonly (readonly [Runtime, string | false])[] = [
  ['reference', false],
  ['cpu', false],
  ['webgpu', missing],
];

for (const [runtime, skip] of RUNTIMES) {
  test(`${runtime}: feeds, fetches and weights of every element type come back as they were`, { skip }, async () => {
    const fed = Object.fromEntries(DTYPES.map((dtype) => [dtype, tensorOf(dtype)]));
    const graph = trace(() => {
      for (const dtype of DTYPES) {
        const shape = [VALUES[dtype].length];
        output(`${dtype} fed`, input(dtype, dtype, shape));
        output(`${dtype} weight`, weight(dtype, dtype, shape));
      }
    });
    const session = await createSession(graph, { runtime, weights: fed });
    const results = await session.run(fed);
    await session.close();
    for (const dtype of DTYPES) {
      assert.deepEqual(results[`${dtype} fed`], fed[dtype], `${dtype} fed`);
      assert.deepEqual(results[`${dtype} weight`], fed[dtype], `${dtype} as a weight`);
    }
  });

  test(`${runtime}: whole numbers wrap and convert as their types do`, { skip }, async () => {
    const fed = { i8: tensorOf('i8'), u8: tensorOf('u8'), i32: tensorOf('i32') };
    const graph = trace(() => {
      const [i8, u8, i32] = (['i8', 'u8', 'i32'] as const).map((dtype) => input(dtype, dtype, [3]));
      output('sum of i8', add(i8!, i8!));
      output('sum of u8', add(u8!, u8!));
      output('sum of i32', add(i32!, i32!));
      output('u8 as f32', mul(cast(u8!, 'f32'), 0.5));
      output('i8 as i32', cast(i8!, 'i32'));
      output('i32 as i64', add(cast(i32!, 'i64'), 1));
    });
    const session = await createSession(graph, { runtime });
    const results = await session.run(fed);
    await session.close();
    const numbers = (name: string): number[] => Array.from(results[name]!.data as ArrayLike<number>, Number);
    assert.deepEqual(numbers('sum of i8'), [-2, 0, 6]);
    assert.deepEqual(numbers('sum of u8'), [254, 0, 144]);
    assert.deepEqual(numbers('sum of i32'), [-2, 0, 14]);
    assert.deepEqual(numbers('u8 as f32'), [127.5, 0, 100]);
    assert.deepEqual(numbers('i8 as i32'), [127, -128, 3]);
    assert.deepEqual(numbers('i32 as i64'), [2 ** 31, 1 - 2 ** 31, 8]);
  });

  test(`${runtime}: state of 8, 32 and 64 bits counts on from run to run`, { skip }, async () => {
    const types = ['u8', 'i32', 'i64', 'f32'] as const;
    const graph = trace(() => {
      for (const dtype of types) output(`${dtype}.next`, add(input(dtype, dtype, [2]), 3));
    });
    const state = Object.fromEntries(types.map((dtype) => [dtype, `${dtype}.next`]));
    const initialState = Object.fromEntries(
      types.map((dtype) => [dtype, { dtype, shape: [2], data: hostNumbers(dtype, [1, 2]) } as Tensor]),
    );
    const session = await createSession(graph, { runtime, state, initialState });
    for (let i = 0; i < 4; i++) await session.run({});
    const kept = await session.readState();
    await session.close();
    for (const dtype of types) assert.deepEqual([...kept[dtype]!.data].map(Number), [13, 14], dtype);
  });
}

/** An `unsupported` error with these words and a hint. */
const refusal =
  (words: RegExp, hint: RegExp) =>
  (error: unknown): boolean =>
    error instanceof VlaError && error.code === 'unsupported' && words.test(error.message) && hint.test(error.hint!);

test('bfloat16 is for weights: fed, fetched or computed with, it is refused with what to do', async () => {
  const words = { dtype: 'bf16', shape: [2], data: hostNumbers('bf16', [0.5, -3]) } as const;
  const fed = trace(() => output('y', cast(input('x', 'bf16', [2]), 'f32')));
  await assert.rejects(
    createSession(fed, { runtime: 'cpu' }),
    refusal(/input "x": expected one of f64, f32, .* on "cpu", got bf16/, /Keep bf16 for weights/),
  );
  const fetched = trace(() => output('y', weight('w', 'bf16', [2])));
  await assert.rejects(
    createSession(fetched, { runtime: 'cpu', weights: { w: words } }),
    refusal(/output "y": expected one of .*, got bf16/, /cast at the edge/),
  );
  const computed = trace(() => {
    const x = cast(input('x', 'f32', [2]), 'bf16');
    output('y', cast(add(weight('w', 'bf16', [2]), x), 'f32'));
  });
  await assert.rejects(
    createSession(computed, { runtime: 'cpu', weights: { w: words } }),
    refusal(/could not load the model on "cpu"/, /cast to f32 before/),
  );
  const stored = trace(() => output('y', weight('w', 'f32', [2])));
  const session = await createSession(stored, { runtime: 'cpu', weights: { w: words } });
  assert.deepEqual([...((await session.run({}))['y']!.data as Float32Array)], [0.5, -3]);
  await session.close();
});

test('state that a WebGPU buffer cannot hold is refused before anything runs', async () => {
  for (const dtype of ['f64', 'i8'] as const) {
    const graph = trace(() => output('next', add(input('x', dtype, [2]), 1)));
    await assert.rejects(
      createSession(graph, { runtime: 'webgpu', state: { x: 'next' } }),
      refusal(/state "x": expected one of f32, .* on "webgpu", got (f64|i8)/, /another element type/),
    );
  }
});

test('numbers are not added to truth values', () => {
  assert.throws(() => trace(() => add(input('x', 'bool', [2]), input('y', 'bool', [2]))), {
    code: 'bad-shape',
    message: 'add: expected numbers, got bool.',
    hint: 'Use and, or, not for logic; cast(x, dtype) makes 0 and 1 of it.',
  });
});
