/**
 * @file Every operator's cases and their gradients on a runtime against the reference, many in one graph: a session on a graphics
 * card takes long to compile. Runs in Node and in browsers.
 */

import { fromTensor, isFloat, type HostArray } from '../host-array.ts';
import { add, constant, createSession, gradient, input, mul, output, reduceSum, trace } from '../index.ts';
import type { Graph, Runtime, Value } from '../index.ts';
import type { Tensor } from '../../base/tensor.ts';
import { interpret } from '../runtimes/reference.ts';
import { drawInput, OP_CASES, type OpCase } from './op-cases.ts';
import type { OpName } from './table.ts';

interface Group {
  readonly cases: (readonly [OpName, number])[];
  /** What the axis names stand for: one thing in all cases of a group. */
  readonly sizes: Record<string, number>;
}

/** The cases in as few graphs as their axis names allow. */
function groupCases(doubles: boolean): Group[] {
  const groups: Group[] = [];
  for (const [op, cases] of Object.entries(OP_CASES) as [OpName, readonly OpCase[]][]) {
    for (const [i, spec] of cases.entries()) {
      if (spec.halfFloats || (spec.doubles && !doubles)) continue;
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

function graphOf({ cases }: Group): { readonly graph: Graph; readonly feeds: Record<string, Tensor> } {
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
  return { graph, feeds };
}

/**
 * How far the runtime's results are from the reference's: the largest difference over the largest number, by output's name (such as
 * `gelu 0 gradient 0`); infinite where shapes differ. Cases of 64-bit floats only with `doubles`.
 */
export async function opErrors(runtime: Runtime, doubles: boolean): Promise<Record<string, number>> {
  const errors: Record<string, number> = {};
  for (const group of groupCases(doubles)) {
    const { graph, feeds } = graphOf(group);
    const arrays = Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, fromTensor(x, 'f32')]));
    const expected = interpret(graph, arrays, {}, group.sizes, 'f32');
    const session = await createSession(graph, { runtime });
    const results = await session.run(feeds);
    await session.close();
    for (const [name, wanted] of Object.entries(expected)) errors[name] = relativeError(results[name]!, wanted);
  }
  return errors;
}

function relativeError(got: Tensor, wanted: HostArray): number {
  if (got.shape.join() !== wanted.shape.join()) return Infinity;
  let [error, scale] = [0, 1e-3];
  for (let k = 0; k < wanted.data.length; k++) {
    const difference = Math.abs(Number(got.data[k]) - wanted.data[k]!);
    error = Math.max(error, Number.isNaN(difference) ? Infinity : difference);
    scale = Math.max(scale, Math.abs(wanted.data[k]!));
  }
  return error / scale;
}
