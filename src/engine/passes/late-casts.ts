/**
 * @file Tables stay as their file stores them: rows are looked up in 16-bit floats, and only what was found is cast. A table of
 * 152 thousand words is otherwise held a second time, and beyond 1 GiB ONNX Runtime would cast it anew in every run.
 */

import type { DType } from '../../base/tensor.ts';
import type { Graph, Value } from '../graph.ts';
import { isFloat } from '../host-array.ts';
import type { Op } from '../op.ts';
import { castOp } from '../ops/cast.ts';
import { gatherOp } from '../ops/gather.ts';
import { rewrite } from './rewrite.ts';

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
    // Another reader, such as an output layer that shares the table, sees the whole of it.
    const now = inputs.map((x) => {
      if (!tables.has(x)) return x;
      if (!whole.has(x)) whole.set(x, cast(storedValue(x), x.dtype));
      return whole.get(x)!;
    });
    return to.add(op, now, attributes);
  });
  return { ...rewritten, weights };
}
