/** @file Removes work that changes nothing: chains of reshapes and transposes, expansions that broadcasting does anyway. */

import { broadcastShapes } from '../axis-size.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { addOp, divOp, maximumOp, minimumOp, mulOp, subOp } from '../ops/binary.ts';
import { stopGradientOp } from '../ops/cast.ts';
import { whereOp } from '../ops/logic.ts';
import { expandOp, reshapeOp, transposeOp, type ShapeAttributes, type TransposeAttributes } from '../ops/shape.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

const BROADCASTING: ReadonlySet<Op> = new Set<Op>([addOp, subOp, mulOp, divOp, maximumOp, minimumOp, whereOp]);

/** The graph with fewer shape changes; results are bit for bit the same. */
export function simplify(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, to) => rule(node, inputs, to));
}

function rule(node: Node, inputs: readonly Value[], to: Rewriter): readonly Value[] | undefined {
  const [x] = inputs;
  if (node.op === stopGradientOp) return [x!];
  const [y] = node.outputs;
  if (node.op === reshapeOp || node.op === expandOp) {
    if (sameShape(x!, y!)) return [x!];
    const before = producer(x!, node.op);
    if (before === undefined) return undefined;
    const [source] = before.inputs;
    return sameShape(source!, y!) ? [source!] : to.add(node.op, [source!], node.attributes);
  }
  if (node.op === transposeOp) {
    const before = producer(x!, transposeOp);
    if (before === undefined) return undefined;
    const first = (before.attributes as TransposeAttributes).permutation;
    const permutation = (node.attributes as TransposeAttributes).permutation.map((axis) => first[axis]!);
    const [source] = before.inputs;
    return permutation.every((axis, i) => axis === i) ? [source!] : to.add(transposeOp, [source!], { permutation });
  }
  if (BROADCASTING.has(node.op)) {
    // An expanded operand may stay small as long as the others still give the whole shape.
    const smaller = [...inputs];
    for (const [i, value] of inputs.entries()) {
      const before = producer(value, expandOp);
      if (before === undefined) continue;
      const trial = smaller.with(i, before.inputs[0]!);
      const shape = trial.map((v) => v.shape).reduce((a, b) => broadcastShapes('simplify', a, b));
      if (shape.join() === y!.shape.join()) smaller[i] = before.inputs[0]!;
    }
    if (smaller.some((value, i) => value !== inputs[i])) return to.add(node.op, smaller, node.attributes);
  }
  return undefined;
}

function producer(value: Value, op: Op<ShapeAttributes> | Op<TransposeAttributes>): Node | undefined {
  return value.source.kind === 'node' && value.source.node.op === op ? value.source.node : undefined;
}

function sameShape(a: Value, b: Value): boolean {
  return a.shape.length === b.shape.length && a.shape.every((dim, i) => dim === b.shape[i]);
}
