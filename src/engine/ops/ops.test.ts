/** @file Every operator record: ONNX Runtime against the reference, and the gradient against central differences in float64. */

import assert from 'node:assert/strict';
import test from 'node:test';
import type { Tensor } from '../../base/tensor.ts';
import { fromTensor, isFloat, type HostArray } from '../host-array.ts';
import {
  constant,
  createSession,
  gradient,
  input,
  mul,
  output,
  reduceSum,
  trace,
  type Graph,
  type Value,
} from '../index.ts';
import { interpret } from '../runtimes/reference.ts';
import { drawInput, OP_CASES, type OpCase } from './op-cases.ts';
import { OPS, type OpName } from './table.ts';

interface Prepared {
  readonly graph: Graph;
  readonly feeds: Record<string, Tensor>;
  readonly sizes: Record<string, number>;
}

function prepare(
  op: OpName,
  spec: OpCase,
  finish: (outputs: readonly Value[], inputs: readonly Value[]) => void,
): Prepared {
  const feeds: Record<string, Tensor> = {};
  const sizes: Record<string, number> = {};
  const graph = trace(() => {
    const values = spec.inputs.map((x, i) => {
      const named = x.named ?? x.shape;
      feeds[`x${i}`] = drawInput(op, spec, i);
      for (const [axis, dim] of named.entries()) if (typeof dim === 'string') sizes[dim] = x.shape[axis]!;
      return input(`x${i}`, x.dtype, named);
    });
    const built = spec.build(...values);
    finish(Array.isArray(built) ? (built as readonly Value[]) : [built as Value], values);
  });
  return { graph, feeds, sizes };
}

function reference(
  { graph, feeds, sizes }: Prepared,
  precision: 'f32' | 'f64',
  changed: Record<string, HostArray> = {},
) {
  const arrays = Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, fromTensor(x, precision)]));
  return interpret(graph, { ...arrays, ...changed }, {}, sizes, precision);
}

/** Fails unless all elements agree to `tolerance` of the largest one. */
function assertClose(actual: Tensor | HostArray, expected: HostArray, tolerance: number, what: string): void {
  assert.deepEqual([...actual.shape], [...expected.shape], `${what}: shape`);
  assert.equal(actual.dtype, expected.dtype, `${what}: element type`);
  const scale = Math.max(1e-3, ...Array.from(expected.data, Math.abs));
  for (let i = 0; i < expected.data.length; i++) {
    const difference = Math.abs(Number(actual.data[i]) - expected.data[i]!);
    assert.ok(difference <= tolerance * scale, `${what}: [${i}] expected ${expected.data[i]}, got ${actual.data[i]}`);
  }
}

/** The case's loss: each float output times fixed weights, summed, so that every entry has its own gradient. */
function weighted(outputs: readonly Value[]): Value {
  const terms = outputs
    .filter((y) => isFloat(y.dtype))
    .map((y) => {
      const width = y.shape.at(-1);
      const weights = Array.from({ length: typeof width === 'number' ? width : 1 }, (_, i) => Math.cos(i + 1));
      return reduceSum(mul(mul(y, y), constant(weights, y.dtype)));
    });
  return terms.reduce((a, b) => mul(a, b));
}

const names = Object.keys(OPS) as OpName[];

test('each record stands under its own name and has cases', () => {
  for (const name of names) {
    assert.equal(OPS[name].name, name);
    assert.ok(OP_CASES[name].length > 0, `${name} has no case`);
  }
  assert.deepEqual(Object.keys(OP_CASES).sort(), [...names].sort());
});

for (const name of names) {
  test(`${name}: ONNX Runtime agrees with the reference`, async () => {
    for (const [i, spec] of OP_CASES[name].entries()) {
      const prepared = prepare(name, spec, (outputs) => outputs.forEach((y, k) => output(`y${k}`, y)));
      assert.ok(
        prepared.graph.nodes.some((node) => node.op.name === name),
        `case ${i} does not use ${name}`,
      );
      const expected = reference(prepared, 'f32');
      const session = await createSession(prepared.graph, { runtime: 'cpu', threads: 1 });
      const results = await session.run(prepared.feeds);
      await session.close();
      for (const [key, value] of Object.entries(expected)) assertClose(results[key]!, value, 1e-5, `case ${i}, ${key}`);
    }
  });

  const differentiated = OP_CASES[name].filter(
    (spec) => (spec.wrt ?? spec.inputs.flatMap((x, i) => (x.dtype === 'f32' ? [i] : []))).length > 0,
  );
  if (OPS[name].gradient === 'none') continue;
  test(`${name}: the gradient agrees with central differences, on both runtimes`, async () => {
    assert.ok(differentiated.length > 0 || name === 'stopGradient', `${name} has no case with a gradient`);
    for (const [i, spec] of differentiated.entries()) {
      const wrt = spec.wrt ?? spec.inputs.flatMap((x, k) => (x.dtype === 'f32' ? [k] : []));
      const forward = prepare(name, spec, (outputs) => output('loss', weighted(outputs)));
      if (!isFloat(forward.graph.outputs['loss']!.dtype)) continue;
      const backward = prepare(name, spec, (outputs, inputs) => {
        const all = gradient(
          weighted(outputs),
          wrt.map((k) => inputs[k]!),
        );
        for (const [at, g] of all.entries()) output(`g${wrt[at]}`, g);
      });
      const exact = reference(backward, 'f64');
      for (const k of wrt) {
        const x = fromTensor(forward.feeds[`x${k}`]!, 'f64');
        const numeric = x.data.map((value, at) => {
          const [above, below] = [1e-5, -1e-5].map((step) => {
            const moved = { ...x, data: Float64Array.from(x.data).with(at, value + step) };
            return reference(forward, 'f64', { [`x${k}`]: moved })['loss']!.data[0]!;
          });
          return (above! - below!) / 2e-5;
        });
        assertClose(exact[`g${k}`]!, { ...x, data: numeric }, 1e-7, `case ${i}, gradient of input ${k}`);
      }
      const session = await createSession(backward.graph, { runtime: 'cpu', threads: 1 });
      const results = await session.run(backward.feeds);
      await session.close();
      for (const k of wrt)
        assertClose(results[`g${k}`]!, exact[`g${k}`]!, spec.tolerance ?? 1e-5, `case ${i}, gradient ${k} on cpu`);
    }
  });
}
