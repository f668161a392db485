/** @file Removes nodes whose results nobody reads. */

import type { Graph, Value } from '../graph.ts';

/** The graph without nodes that no output depends on. Inputs stay, since callers feed them. */
export function removeDeadCode(graph: Graph): Graph {
  const needed = new Set<Value>(Object.values(graph.outputs));
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((y) => needed.has(y))) return false;
    for (const x of node.inputs) needed.add(x);
    return true;
  });
  return { ...graph, nodes: nodes.reverse() };
}
