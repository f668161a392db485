/**
 * @file Rematerialisation (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): the backward pass of a segment
 * computes its values once more from what enters it, so that the forward pass need not keep them.
 *
 * ONNX Runtime chooses the order of nodes, merges equal ones and frees a value after its last reader. So what enters is held back until
 * the gradient has come to the segment (the second computation differs from the first, and starts late), and the gradient goes on only
 * when those of the segment's parameters are known (nothing of the segment is needed any more).
 */

import { apply, type Node, type Value } from './graph.ts';
import { after, known } from './ops/after.ts';

/** Values that are the same in every run but for `wrt`: parameters, weights, constants and what is computed of them alone. */
export function fixedValues(nodes: readonly Node[], wrt: readonly Value[]): ReadonlySet<Value> {
  const fixed = new Set<Value>(wrt);
  const add = (x: Value): boolean => {
    if (x.source.kind === 'weight' || x.source.kind === 'constant') fixed.add(x);
    return fixed.has(x);
  };
  for (const { inputs, outputs } of nodes) {
    // Every input is looked at, so that the sources among them are in the set.
    if (inputs.filter(add).length === inputs.length) for (const y of outputs) fixed.add(y);
  }
  return fixed;
}

/** What the backward pass knows when it comes to a segment. */
export interface BackwardPass {
  /** What has arrived so far, by value of the forward pass. */
  readonly gradients: Map<Value, Value>;
  readonly fixed: ReadonlySet<Value>;
  /** Passes the gradients of a node's outputs on to its inputs, computed from the values of the node `again`. */
  pass(node: Node, again: Node): void;
}

/** Walks back through a segment. */
export function rematerialise(nodes: readonly Node[], { gradients, fixed, pass }: BackwardPass): void {
  const arrived = nodes.flatMap(({ outputs }) => outputs.flatMap((y) => gradients.get(y) ?? []));
  if (arrived.length === 0) return;
  const copies = computeAgain(nodes, known(arrived), fixed);
  const inside = new Set<Value>(nodes.flatMap(({ outputs }) => outputs));
  const entering = [...new Set(nodes.flatMap(({ inputs }) => inputs))].filter((x) => !inside.has(x));
  const before = new Map(entering.map((x) => [x, gradients.get(x)]));
  for (let i = nodes.length - 1; i >= 0; i--) pass(nodes[i]!, copies[i]!);
  const changed = entering.filter((x) => gradients.get(x) !== before.get(x));
  const parameters = changed.filter((x) => fixed.has(x)).map((x) => gradients.get(x)!);
  if (parameters.length === 0) return;
  const done = known(parameters);
  for (const x of changed) if (!fixed.has(x)) gradients.set(x, after(gradients.get(x)!, done));
}

/** The nodes once more, from what enters the segment; what is fixed is shared with the forward pass. */
function computeAgain(nodes: readonly Node[], zero: Value, fixed: ReadonlySet<Value>): readonly Node[] {
  const again = new Map<Value, Value>();
  const now = (x: Value): Value => {
    if (fixed.has(x)) return x;
    const there = again.get(x) ?? after(x, zero);
    again.set(x, there);
    return there;
  };
  return nodes.map((node) => {
    if (node.outputs.every((y) => fixed.has(y))) return node;
    const inputs = node.inputs.map(now);
    const outputs = apply(node.op, inputs, node.attributes);
    for (const [i, y] of node.outputs.entries()) again.set(y, outputs[i]!);
    return { ...node, inputs, outputs };
  });
}
