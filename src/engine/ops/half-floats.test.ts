/** @file Every operator and its gradient in 16-bit floats: ONNX Runtime against the reference, at the precision of the format. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { VlaError } from '../../base/errors.ts';
import type { Tensor } from '../../base/tensor.ts';
import { fromTensor, hostNumbers } from '../host-array.ts';
import {
  add,
  constant,
  createSession,
  gradient,
  input,
  layerNorm,
  matmul,
  mul,
  output,
  reduceSum,
  trace,
  weight,
  type Graph,
  type SessionOptions,
  type Value,
} from '../index.ts';
import { interpret } from '../runtimes/reference.ts';
import { halfFloatsMissing } from '../runtimes/half-floats.ts';
import { webGpuMissing } from '../runtimes/webgpu-driver.ts';
import { drawInput, OP_CASES, type OpCase } from './op-cases.ts';
import type { OpName } from './table.ts';

/** Neighbouring 16-bit floats differ by 2⁻¹⁰ of their size; a runtime may round in between where the reference does not. */
const ULP = 2 ** -10;

const half = (x: Tensor): Tensor =>
  x.dtype === 'f32' ? { dtype: 'f16', shape: x.shape, data: hostNumbers('f16', x.data as Float32Array) } : x;

interface Prepared {
  readonly graph: Graph;
  readonly feeds: Record<string, Tensor>;
  readonly sizes: Record<string, number>;
}

/** A case with all its float inputs in f16, and the gradient of a weighted sum of its outputs where there is one. */
function prepare(op: OpName, spec: OpCase): Prepared {
  const feeds: Record<string, Tensor> = {};
  const sizes: Record<string, number> = {};
  const graph = trace(() => {
    const values = spec.inputs.map((x, i) => {
      const fed = (feeds[`x${i}`] = half(drawInput(op, spec, i)));
      const named = x.named ?? x.shape;
      for (const [axis, dim] of named.entries()) if (typeof dim === 'string') sizes[dim] = x.shape[axis]!;
      return input(`x${i}`, fed.dtype, named);
    });
    const built = spec.build(...values);
    const outputs = Array.isArray(built) ? (built as readonly Value[]) : [built as Value];
    for (const [k, y] of outputs.entries()) output(`y${k}`, y);
    const wrt = spec.wrt?.map((i) => values[i]!) ?? values.filter(({ dtype }) => dtype === 'f16');
    const terms = outputs
      .filter(({ dtype }) => dtype === 'f16')
      .map((y) => {
        const width = y.shape.at(-1);
        const weights = Array.from({ length: typeof width === 'number' ? width : 1 }, (_, i) => Math.cos(i + 1));
        return reduceSum(mul(y, constant(weights, 'f16')));
      });
    if (wrt.length === 0 || terms.length === 0) return;
    for (const [i, g] of gradient(terms.reduce(add), wrt).entries()) output(`gradient ${i}`, g);
  });
  return { graph, feeds, sizes };
}

/** Runs the graph and compares each output with the reference's, element by element relative to the largest. */
async function compare({ graph, feeds, sizes }: Prepared, where: SessionOptions, what: string): Promise<void> {
  const numbers = (tensors: Readonly<Record<string, Tensor>>): Record<string, ReturnType<typeof fromTensor>> =>
    Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, fromTensor(x, 'f32')]));
  const expected = interpret(
    graph,
    numbers(feeds),
    numbers((where.weights ?? {}) as Record<string, Tensor>),
    sizes,
    'f32',
  );
  const session = await createSession(graph, where);
  const results = await session.run(feeds);
  await session.close();
  for (const [name, wanted] of Object.entries(expected)) {
    const got = results[name]!;
    assert.equal(got.dtype, wanted.dtype, `${what}, ${name}`);
    const values = fromTensor(got, 'f32').data;
    const scale = Math.max(1e-3, ...Array.from(wanted.data, Math.abs));
    // A gradient is a chain of several roundings.
    const tolerance = scale * ULP * (name.startsWith('gradient') ? 4 : 1.5);
    for (let k = 0; k < values.length; k++) {
      assert.ok(
        Math.abs(values[k]! - wanted.data[k]!) <= tolerance,
        `${what}, ${name}[${k}]: expected ${wanted.data[k]}, got ${values[k]}`,
      );
    }
  }
}

/** Cases that say f32 themselves, and operators that take nothing else. */
const FIXED_TYPE: readonly OpName[] = [
  'dimSize',
  'quantiseRows',
  'channelProduct',
  'blockProduct',
  'headsAttention',
  'maskedAttention',
];

for (const [op, cases] of Object.entries(OP_CASES) as [OpName, readonly OpCase[]][]) {
  if (FIXED_TYPE.includes(op) || cases.every(({ inputs }) => inputs.every(({ dtype }) => dtype !== 'f32'))) continue;
  test(`${op} in 16-bit floats, on cpu`, async () => {
    for (const [i, spec] of cases.entries()) {
      await compare(prepare(op, spec), { runtime: 'cpu', threads: 1 }, `case ${i}`);
    }
  });
}

/** norm(x W + b) with W and b as weights: declared and given in 16 bits. */
function network(): { prepared: Prepared; weights: Record<string, Tensor> } {
  const wave = (shape: readonly number[], phase: number): Tensor => {
    const count = shape.reduce((a, b) => a * b, 1);
    const values = Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + phase));
    return { dtype: 'f16', shape, data: hostNumbers('f16', values) };
  };
  const graph = trace(() => {
    const y = add(matmul(input('x', 'f16', [5, 8]), weight('w', 'f16', [8, 6])), weight('b', 'f16', [6]));
    output('y', layerNorm(y, null, null, 1e-5));
  });
  return {
    prepared: { graph, feeds: { x: wave([5, 8], 0) }, sizes: {} },
    weights: { w: wave([8, 6], 1), b: wave([6], 2) },
  };
}

const missingWebGpu = await webGpuMissing();
const missingHalf = missingWebGpu === false ? await halfFloatsMissing() : missingWebGpu;

test('weights, feeds and fetches in 16 bits, on cpu', async () => {
  const { prepared, weights } = network();
  await compare(prepared, { runtime: 'cpu', threads: 1, weights }, 'network');
});

test('weights, feeds and fetches in 16 bits, on webgpu', { skip: missingHalf }, async () => {
  const { prepared, weights } = network();
  await compare(prepared, { runtime: 'webgpu', weights }, 'network');
});

const refuses = missingWebGpu === false && missingHalf !== false;
const notRefused = refuses ? false : missingWebGpu || 'this WebGPU device has 16-bit floats';
test('a WebGPU device without 16-bit floats says so, and what to do', { skip: notRefused }, async () => {
  const { prepared, weights } = network();
  const session = await createSession(prepared.graph, { runtime: 'webgpu', weights });
  await assert.rejects(
    session.run(prepared.feeds),
    (error) =>
      error instanceof VlaError &&
      error.code === 'unsupported' &&
      /expected a device with 16-bit float shaders .* got one without/.test(error.message) &&
      /Cast to f32/.test(error.hint ?? ''),
  );
  await session.close();
  // What the hint says works: weights in 16 bits that are declared f32.
  const wide = trace(() => output('y', matmul(input('x', 'f32', [1, 8]), weight('w', 'f32', [8, 6]))));
  const halves = fromTensor(weights['w']!, 'f32').data;
  const opened = await createSession(wide, { runtime: 'webgpu', weights });
  const row = { dtype: 'f32', shape: [1, 8], data: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 0) } as const;
  assert.deepEqual([...((await opened.run({ x: row }))['y']!.data as Float32Array)], [...halves.subarray(18, 24)]);
  await opened.close();
});
