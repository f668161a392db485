/** @file Products in 16-bit floats: what is rounded and what is not, what stays narrow between them, and how near the numbers stay. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import { f32, i64, tensor, type Tensor } from '../../base/tensor.ts';
import { fromTensor, hostNumbers } from '../host-array.ts';
import * as e from '../index.ts';
import type { Graph } from '../graph.ts';
import { roundedProducts } from '../compile.ts';
import { webGpuMissing } from '../runtimes/webgpu-driver.ts';
import { halfFloatsMissing } from '../runtimes/half-floats.ts';
import { optimise } from './optimise.ts';

/** Rounding to nearest changes a number by at most this part of it. */
const ROUNDING = 2 ** -11;
const random = new Random(3);
const normals = (shape: readonly number[], scale = 1): Tensor =>
  f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => scale * random.normal()),
    shape,
  );

/** Names of the nodes, with the type of what they write where that is f16. */
function nodes(build: () => void): string[] {
  const graph = roundedProducts(optimise(e.trace(build)), false);
  return graph.nodes.map(({ op, outputs: [y] }) => (y!.dtype === 'f16' ? `${op.name} f16` : op.name));
}

test('a gated feed-forward block is narrow from its norm to its residual sum', () => {
  const names = nodes(() => {
    const x = e.input('x', 'f32', [6, 8]);
    const normed = e.rmsNorm(x, e.weight('norm', 'f32', [8]), 1e-6);
    const [gate, up] = ['gate', 'up'].map((name) => e.linear(normed, e.weight(name, 'f32', [16, 8])));
    const down = e.linear(e.mul(e.silu(gate!), up!), e.weight('down', 'f32', [8, 16]));
    output(e.add(x, down));
  });
  assert.deepEqual(names, [
    'rmsNorm',
    'cast f16',
    'gemm f16',
    'gemm f16',
    'silu f16',
    'mul f16',
    'gemm f16',
    'cast',
    'add',
  ]);
});

test('what is only moved between products is moved narrow; an activation that others read too is not computed twice', () => {
  const moved = nodes(() => {
    const y = e.matmul(e.input('x', 'f32', [4, 6]), e.input('w', 'f32', [6, 6]));
    const turned = e.transpose(e.reshape(y, [2, 2, 6]), [0, 2, 1]);
    output(e.matmul(e.concat([turned, turned], 1), e.input('v', 'f32', [2, 3])));
  });
  const casts = ['cast f16', 'cast f16', 'matmul f16'];
  const moves = ['reshape f16', 'transpose f16', 'concat f16'];
  assert.deepEqual(moved, [...casts, ...moves, 'cast f16', 'matmul f16', 'cast']);
  const read = nodes(() => {
    const y = e.gelu(e.matmul(e.input('x', 'f32', [4, 6]), e.input('w', 'f32', [6, 6])), { approximate: 'none' });
    output(e.add(e.matmul(y, e.input('v', 'f32', [6, 6])), y));
  });
  assert.ok(read.includes('gelu') && !read.includes('gelu f16'));
});

test('products with constants keep all digits: angles of positions', async () => {
  const turns = Array.from({ length: 4 }, (_, i) => 10_000 ** (-i / 4));
  const graph = e.trace(() => output(e.matmul(e.input('x', 'f32', [2, 1]), e.constant(f32(turns, [1, 4])))));
  const x = f32([4097, 12_345], [2, 1]);
  const [wide, narrow] = [await run(graph, { x }), await run(graph, { x }, { arithmetic: 'f16' })];
  assert.deepEqual(narrow, wide);
});

/** Attention of grouped heads over a gated block, classes from the table of words; each weight in another element type. */
const network = e.trace(() => {
  const table = e.weight('table', 'f32', [11, 16]);
  const x = e.add(e.gather(table, e.input('words', 'i64', [2, 5]), 0), e.input('x', 'f32', [2, 5, 16]));
  const normed = e.rmsNorm(x, e.weight('norm', 'f32', [16]), 1e-6);
  const heads = (name: string, count: number): e.Value =>
    e.transpose(e.reshape(e.linear(normed, e.weight(name, 'f32', [4 * count, 16])), [2, 5, count, 4]), [0, 2, 1, 3]);
  const mixed = e.attention(heads('q', 4), heads('k', 2), heads('v', 2), e.input('mask', 'f32', [5, 5]), {
    scale: 0.5,
  });
  const joined = e.reshape(e.transpose(mixed, [0, 2, 1, 3]), [2, 5, 16]);
  const y = e.add(
    x,
    e.gelu(e.linear(joined, e.weight('o', 'f32', [16, 16]), e.weight('bias', 'f32', [16])), { approximate: 'tanh' }),
  );
  output(y);
  const loss = e.reduceMean(e.crossEntropy(e.linear(y, table), e.input('labels', 'i64', [2, 5])));
  e.output('loss', loss);
  for (const name of ['x']) e.output(`gradient of ${name}`, e.gradient(loss, [x])[0]!);
});
const as = (dtype: 'bf16' | 'f16', x: Tensor): Tensor =>
  tensor(dtype, x.shape, hostNumbers(dtype, x.data as Float32Array));
const weights: Record<string, Tensor> = {
  table: as('bf16', normals([11, 16])),
  norm: f32(Array.from({ length: 16 }, (_, i) => 1 + i / 16)),
  q: normals([16, 16], 0.5),
  k: as('bf16', normals([8, 16], 0.5)),
  v: as('f16', normals([8, 16], 0.5)),
  o: normals([16, 16], 0.25),
  bias: normals([16], 0.1),
};
const feeds: Record<string, Tensor> = {
  words: i64([0, 3, 10, 7, 7, 1, 2, 9, 8, 5], [2, 5]),
  labels: i64([3, 10, 7, 7, 1, 2, 9, 8, 5, 0], [2, 5]),
  x: normals([2, 5, 16]),
  mask: f32(
    Array.from({ length: 25 }, (_, i) => (i % 5 > Math.floor(i / 5) ? -1e9 : 0)),
    [5, 5],
  ),
};

/** For every output the largest difference, relative to the largest number. */
function distances(a: Record<string, number[]>, b: Record<string, number[]>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(a).map(([name, wanted]) => {
      const worst = Math.max(...wanted.map((value, i) => Math.abs(value - b[name]![i]!)));
      return [name, worst / Math.max(...wanted.map(Math.abs))];
    }),
  );
}

test('on cpu the numbers are those of the reference with the same roundings, and differ from f32 as f16 does', async () => {
  const exact = await run(network, feeds, { runtime: 'reference', precision: 'f64', weights });
  const narrow = await run(network, feeds, { runtime: 'reference', arithmetic: 'f16', weights });
  const onCpu = await run(network, feeds, { arithmetic: 'f16', weights });
  const rounding = distances(exact, narrow);
  for (const [name, error] of Object.entries(rounding)) {
    // A dozen roundings in a row, of operands and results; none of them taken back.
    assert.ok(error > ROUNDING / 20 && error < 12 * ROUNDING, `${name}: ${error}`);
  }
  // Where two sums differ in their last bits, a rounding may go the other way.
  for (const [name, error] of Object.entries(distances(narrow, onCpu))) {
    assert.ok(error < 3 * ROUNDING, `${name}: ${error} on cpu`);
    assert.ok(distances(exact, onCpu)[name]! > ROUNDING / 20, `${name}: not rounded on cpu`);
  }
});

test('weights of products and tables are held in 16 bits, those of norms as they are', () => {
  const { weights: held } = roundedProducts(optimise(network), false);
  const types = Object.fromEntries(Object.entries(held).map(([name, { dtype }]) => [name, dtype]));
  assert.deepEqual(types, { table: 'f16', norm: 'f32', q: 'f16', k: 'f16', v: 'f16', o: 'f16', bias: 'f16' });
});

test('a product beyond 65504 is infinite, and a small number is nothing: f16 it is', async () => {
  const graph = e.trace(() => output(e.matmul(e.input('a', 'f32', [2, 2]), e.input('b', 'f32', [2, 2]))));
  const fed = { a: f32([300, 0, 0, 1e-9], [2, 2]), b: f32([300, 1, 0, 1e4], [2, 2]) };
  assert.deepEqual(await run(graph, fed, { arithmetic: 'f16' }), { y: [Infinity, 300, 0, 0] });
});

test('bfloat16 and other words are refused with the way out', async () => {
  for (const [arithmetic, hint] of [
    ['bf16', /no bfloat16\. Use f16/],
    ['int8', /weightPrecision/],
  ] as const) {
    for (const runtime of ['cpu', 'webgpu', 'reference'] as const) {
      await assert.rejects(
        e.createSession(network, { runtime, weights, arithmetic: arithmetic as e.Arithmetic }),
        (error) => error instanceof VlaError && error.code === 'unsupported' && hint.test(error.hint ?? ''),
      );
    }
  }
});

const missingWebGpu = await webGpuMissing();
const skip = missingWebGpu === false ? await halfFloatsMissing() : missingWebGpu;

test('on webgpu the numbers are as near as f16 is', { skip }, async () => {
  const exact = await run(network, feeds, { runtime: 'reference', precision: 'f64', weights });
  const onCard = await run(network, feeds, { runtime: 'webgpu', arithmetic: 'f16', weights });
  for (const [name, error] of Object.entries(distances(exact, onCard))) {
    // Its kernels also add in f16: a rounding for each of up to 16 terms.
    assert.ok(error > ROUNDING / 20 && error < 24 * ROUNDING, `${name}: ${error}`);
  }
});

const notRefused =
  missingWebGpu !== false ? missingWebGpu : skip === false ? 'this WebGPU device has 16-bit floats' : false;
test('a WebGPU device without 16-bit floats says so', { skip: notRefused }, async () => {
  await assert.rejects(
    run(network, feeds, { runtime: 'webgpu', arithmetic: 'f16', weights }),
    (error) =>
      error instanceof VlaError &&
      error.code === 'unsupported' &&
      /compute in f32 \(arithmetic\)/.test(error.hint ?? ''),
  );
});

function output(y: e.Value): void {
  e.output('y', y);
}

async function run(
  graph: Graph,
  fed: Record<string, Tensor>,
  options: Partial<e.SessionOptions> = {},
): Promise<Record<string, number[]>> {
  const session = await e.createSession(graph, { runtime: 'cpu', threads: 1, ...options } as e.SessionOptions);
  try {
    const results = await session.run(fed);
    return Object.fromEntries(Object.entries(results).map(([name, x]) => [name, [...fromTensor(x, 'f64').data]]));
  } finally {
    await session.close();
  }
}
