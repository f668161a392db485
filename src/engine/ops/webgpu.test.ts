/**
 * @file Every operator and its gradient on WebGPU against the reference: many cases in one graph, since each session compiles for
 * long.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import {
  add,
  concat,
  constant,
  createSession,
  gradient,
  input,
  mul,
  output,
  reduceSum,
  split,
  trace,
  type Value,
} from '../index.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { fromTensor, isFloat } from '../host-array.ts';
import { interpret } from '../runtimes/reference.ts';
import { webGpuMissing } from '../runtimes/webgpu-driver.ts';
import { drawInput, OP_CASES, type OpCase } from './op-cases.ts';
import type { OpName } from './table.ts';

const skip = await webGpuMissing();

/** SwiftShader's and graphics cards' transcendental functions are not exact. */
const TOLERANCE = 2e-4;

interface Group {
  readonly cases: (readonly [OpName, number])[];
  /** What the axis names stand for: one thing in all cases of a group. */
  readonly sizes: Record<string, number>;
}

/** The cases in as few graphs as their axis names allow. */
function groupCases(): Group[] {
  const groups: Group[] = [];
  for (const [op, cases] of Object.entries(OP_CASES) as [OpName, readonly OpCase[]][]) {
    for (const [i, spec] of cases.entries()) {
      if (spec.halfFloats) continue;
      const sizes = Object.fromEntries(
        spec.inputs.flatMap(({ named = [], shape }) =>
          named.flatMap((dim, axis) => (typeof dim === 'string' ? [[dim, shape[axis]!]] : [])),
        ),
      ) as Record<string, number>;
      let group = groups.find((g) => Object.entries(sizes).every(([name, size]) => (g.sizes[name] ?? size) === size));
      if (group === undefined) groups.push((group = { cases: [], sizes: {} }));
      group.cases.push([op, i]);
      Object.assign(group.sizes, sizes);
    }
  }
  return groups;
}

/** The gradient of a weighted sum of the outputs, by each input that a case differentiates. */
function caseGradient(spec: OpCase, inputs: readonly Value[], outputs: readonly Value[]): Value[] {
  const wrt = spec.wrt?.map((k) => inputs[k]!) ?? inputs.filter(({ dtype }) => dtype === 'f32');
  const terms = outputs
    .filter(({ dtype }) => isFloat(dtype))
    .map((y) => {
      const width = y.shape.at(-1);
      const weights = Array.from({ length: typeof width === 'number' ? width : 1 }, (_, i) => Math.cos(i + 1));
      return reduceSum(mul(y, constant(weights, y.dtype)));
    });
  return wrt.length === 0 || terms.length === 0 ? [] : gradient(terms.reduce(add), wrt);
}

test('every operator and its gradient on WebGPU agree with the reference', { skip }, async () => {
  for (const { cases, sizes } of groupCases()) {
    const feeds: Record<string, Tensor> = {};
    const graph = trace(() => {
      for (const [op, i] of cases) {
        const spec = OP_CASES[op][i]!;
        const values = spec.inputs.map((x, k) => {
          const name = `${op} ${i} input ${k}`;
          feeds[name] = drawInput(op, spec, k);
          return input(name, x.dtype, x.named ?? x.shape);
        });
        const built = spec.build(...values);
        const outputs = Array.isArray(built) ? (built as Value[]) : [built as Value];
        for (const [k, y] of outputs.entries()) output(`${op} ${i} output ${k}`, y);
        for (const [k, g] of caseGradient(spec, values, outputs).entries()) output(`${op} ${i} gradient ${k}`, g);
      }
    });
    const arrays = Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, fromTensor(x, 'f32')]));
    const expected = interpret(graph, arrays, {}, sizes, 'f32');
    const session = await createSession(graph, { runtime: 'webgpu' });
    const results = await session.run(feeds);
    await session.close();
    for (const [name, wanted] of Object.entries(expected)) {
      const got = results[name]!;
      assert.deepEqual([...got.shape], [...wanted.shape], name);
      const scale = Math.max(1e-3, ...Array.from(wanted.data, Math.abs));
      for (let k = 0; k < wanted.data.length; k++) {
        const error = Math.abs(Number(got.data[k]) - wanted.data[k]!) / scale;
        assert.ok(error <= TOLERANCE, `${name}[${k}]: expected ${wanted.data[k]}, got ${got.data[k]}`);
      }
    }
  }
});

test('splits into more parts than a shader can write, and joins of as many', { skip }, async () => {
  const counts = [7, 8, 40];
  const length = counts.reduce((sum, count) => sum + count, 0);
  const graph = trace(() => {
    const x = input('x', 'f32', [length, 2]);
    const whole = split(x, 0, counts);
    for (const [i, part] of whole.entries()) {
      const rows = split(part, 0, Array(counts[i]!).fill(1) as number[]);
      output(`y${i}`, concat(rows.map((row, k) => mul(row, k)).toReversed(), 0));
    }
  });
  const session = await createSession(graph, { runtime: 'webgpu' });
  const results = await session.run({ x: f32(Array(2 * length).fill(1), [length, 2]) });
  await session.close();
  for (const [i, count] of counts.entries()) {
    const wanted = Array.from({ length: 2 * count }, (_, k) => count - 1 - Math.floor(k / 2));
    assert.deepEqual([...(results[`y${i}`]!.data as Float32Array)], wanted, `${count} parts`);
  }
});
