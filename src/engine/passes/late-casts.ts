/**
 * @file Tables stay as their file stores them: rows are looked up in 16-bit floats, and only what was found is cast. A table of
 * 152 thousand words is otherwise held a second time, and beyond 1 GiB ONNX Runtime would cast it anew in every run.
 */

import { BYTES, type DType } from '../../base/tensor.ts';
import type { Graph, Value } from '../graph.ts';
import { isFloat } from '../host-array.ts';
import type { Op } from '../op.ts';
import { castOp } from '../ops/cast.ts';
import { gatherOp } from '../ops/gather.ts';
import { gemmOp, type GemmAttributes } from '../ops/matmul.ts';
import { concatOp, sliceOp } from '../ops/slice.ts';
import { rewrite } from './rewrite.ts';

/** ONNX Runtime computes no constant that is larger, in bytes, when it loads a model. */
const LARGEST_CONSTANT = 2 ** 30;

/** The graph with casts behind the look-ups. `stored` says the element type of each weight's content, by name. */
export function castLate(graph: Graph, stored: Readonly<Record<string, DType | undefined>>): Graph {
  const tables = new Set<Value>();
  for (const { op, inputs } of graph.nodes) {
    const [table] = inputs;
    if (op !== (gatherOp as Op) || table!.source.kind !== 'weight') continue;
    const type = stored[table!.source.name];
    if (type !== undefined && type !== table!.dtype && isFloat(type)) tables.add(table!);
  }
  if (tables.size === 0) return graph;
  const weights: Record<string, Value> = { ...graph.weights };
  const asStored = new Map<Value, Value>();
  const whole = new Map<Value, Value>();
  const rewritten = rewrite(graph, ({ op, attributes }, inputs, to) => {
    if (!inputs.some((x) => tables.has(x))) return undefined;
    const storedValue = (table: Value): Value => {
      let value = asStored.get(table);
      if (value === undefined) {
        const { name } = table.source as { name: string };
        value = to.value({ dtype: stored[name]!, shape: table.shape }, table.source);
        asStored.set(table, value);
        weights[name] = value;
      }
      return value;
    };
    const cast = (x: Value, dtype: DType): Value => to.add(castOp as Op, [x], { to: dtype })[0]!;
    const [table, ...rest] = inputs;
    if (op === (gatherOp as Op) && tables.has(table!)) {
      const rows = to.add(op, [storedValue(table!), ...rest], attributes);
      return [cast(rows[0]!, table!.dtype)];
    }
    // Another reader, such as an output layer that shares the table, sees the whole of it, in parts that are cast at load.
    const parts = rowParts(op, attributes, inputs[1]);
    if (parts.length > 1 && tables.has(inputs[1]!) && inputs.length === 2) {
      const stored = storedValue(inputs[1]!);
      const products = parts.map(([start, end]) => {
        const rows = to.add(sliceOp as Op, [stored], { axis: 0, start, end })[0]!;
        return to.add(op, [inputs[0]!, cast(rows, inputs[1]!.dtype)], attributes)[0]!;
      });
      return to.add(concatOp as Op, products, { axis: 1 });
    }
    const now = inputs.map((x) => {
      if (!tables.has(x)) return x;
      if (!whole.has(x)) whole.set(x, cast(storedValue(x), x.dtype));
      return whole.get(x)!;
    });
    return to.add(op, now, attributes);
  });
  return { ...rewritten, weights };
}

/** How the rows of x in y xᵀ are cut so that each part can be a constant; one part for all else. */
function rowParts(
  op: Op,
  attributes: unknown,
  x: Value | undefined,
): readonly (readonly [start: number, end: number])[] {
  if (op !== (gemmOp as Op) || !(attributes as GemmAttributes).transB || x === undefined) return [];
  const [rows, width] = x.shape as readonly [number, number];
  const most = Math.floor(LARGEST_CONSTANT / (width * BYTES[x.dtype]));
  return Array.from({ length: Math.ceil(rows / most) }, (_, i) => [i * most, Math.min(rows, (i + 1) * most)] as const);
}
