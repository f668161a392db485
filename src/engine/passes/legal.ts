/** @file What a graph may look like; checked after each pass. */

import { invariant } from '../../base/errors.ts';
import { elementCount } from '../../base/tensor.ts';
import { OPS } from '../ops/table.ts';
import type { Graph, Value } from '../graph.ts';
import type { Op } from '../op.ts';

const KNOWN: ReadonlySet<Op> = new Set<Op>(Object.values(OPS) as Op[]);

/**
 * Fails unless every node reads only values that exist before it, its outputs have the types that its op infers and
 * unique ids, its op is in the table, and every input, weight, constant and output fits its name and type.
 */
export function checkLegal(graph: Graph, where: string): void {
  const check = (condition: boolean, text: string): void => invariant(condition, `after ${where}: ${text}`);
  const defined = new Set<Value>();
  const ids = new Map<number, Value>();
  const define = (value: Value): void => {
    check(ids.get(value.id) === undefined || ids.get(value.id) === value, `two values have the id ${value.id}`);
    ids.set(value.id, value);
    defined.add(value);
  };
  for (const kind of ['input', 'weight'] as const) {
    for (const [name, value] of Object.entries(kind === 'input' ? graph.inputs : graph.weights)) {
      check(value.source.kind === kind && value.source.name === name, `${kind} "${name}" is something else`);
      define(value);
    }
  }
  const read = (value: Value): void => {
    if (value.source.kind === 'constant') {
      const { tensor } = value.source;
      const fits = tensor.dtype === value.dtype && tensor.shape.join() === value.shape.join();
      check(fits && tensor.data.length === elementCount(tensor.shape), `constant %${value.id} is not what it says`);
      define(value);
    }
    check(defined.has(value), `%${value.id} is read before it exists`);
  };
  for (const node of graph.nodes) {
    const { op } = node;
    check(KNOWN.has(op), `${op.name} is not in the table of operators`);
    node.inputs.forEach(read);
    const types = op.infer(node.inputs, node.attributes);
    check(types.length === node.outputs.length, `${op.name} has ${node.outputs.length} outputs`);
    for (const [index, value] of node.outputs.entries()) {
      const { source } = value;
      check(
        source.kind === 'node' && source.node === node && source.index === index,
        `%${value.id} has another source`,
      );
      const type = types[index]!;
      check(
        type.dtype === value.dtype && type.shape.join() === value.shape.join(),
        `%${value.id} of ${op.name} is ${value.dtype} [${value.shape.join()}], inferred ${type.dtype} [${type.shape.join()}]`,
      );
      check(!defined.has(value), `%${value.id} is written twice`);
      define(value);
    }
  }
  Object.values(graph.outputs).forEach(read);
}
