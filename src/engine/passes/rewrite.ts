/** @file Rebuilding a graph node by node: a pass says what stands for each node, the rest is copied. */

import type { Graph, Node, TensorType, Value } from '../graph.ts';
import type { Op } from '../op.ts';

/** What a rewriting rule may do: add nodes to the new graph. */
export interface Rewriter {
  /** Appends a node and returns its outputs. */
  add(op: Op, inputs: readonly Value[], attributes: unknown): readonly Value[];
  /** A constant or another source without a node. */
  value(type: TensorType, source: Value['source']): Value;
}

/**
 * A copy of the graph in which `rule` may replace nodes: it gets a node with its inputs already rewritten and returns the
 * values that stand for its outputs, or undefined to keep it.
 */
export function rewrite(
  graph: Graph,
  rule: (node: Node, inputs: readonly Value[], to: Rewriter) => readonly Value[] | undefined,
): Graph {
  const nodes: Node[] = [];
  const replaced = new Map<Value, Value>();
  let nextId =
    1 + graph.nodes.reduce((max, node) => Math.max(max, ...node.outputs.map((y) => y.id)), highestSource(graph));
  const to: Rewriter = {
    add(op, inputs, attributes) {
      const outputs: Value[] = [];
      const node: Node = { op, inputs, outputs, attributes };
      for (const [index, { dtype, shape }] of op.infer(inputs, attributes).entries()) {
        outputs.push({ id: nextId++, dtype, shape, source: { kind: 'node', node, index } });
      }
      nodes.push(node);
      return outputs;
    },
    value: ({ dtype, shape }, source) => ({ id: nextId++, dtype, shape, source }),
  };
  const now = (value: Value): Value => replaced.get(value) ?? value;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(now);
    const outputs = rule(node, inputs, to);
    if (outputs !== undefined) {
      for (const [i, y] of node.outputs.entries()) replaced.set(y, outputs[i]!);
    } else if (inputs.every((x, i) => x === node.inputs[i])) {
      nodes.push(node);
    } else {
      const kept: Value[] = [];
      const copy: Node = { op: node.op, inputs, outputs: kept, attributes: node.attributes };
      for (const [index, y] of node.outputs.entries()) {
        kept.push({ ...y, source: { kind: 'node', node: copy, index } });
        replaced.set(y, kept[index]!);
      }
      nodes.push(copy);
    }
  }
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, value]) => [name, now(value)]));
  return { inputs: graph.inputs, weights: graph.weights, outputs, nodes };
}

function highestSource(graph: Graph): number {
  const sources = [...Object.values(graph.inputs), ...Object.values(graph.weights), ...Object.values(graph.outputs)];
  for (const node of graph.nodes) sources.push(...node.inputs);
  return sources.reduce((max, value) => Math.max(max, value.id), -1);
}
