/** @file Computes equal expressions once. */

import type { Graph, Value } from '../graph.ts';
import { rewrite } from './rewrite.ts';

/** The graph in which nodes with the same op, inputs and attributes are one. All ops are pure. */
export function mergeCommonSubexpressions(graph: Graph): Graph {
  const seen = new Map<string, readonly Value[]>();
  return rewrite(graph, (node, inputs, to) => {
    const key = `${node.op.name} ${inputs.map((x) => x.id).join()} ${JSON.stringify(node.attributes)}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    const outputs = to.add(node.op, inputs, node.attributes);
    seen.set(key, outputs);
    return outputs;
  });
}
