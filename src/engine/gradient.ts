/** @file Reverse-mode differentiation: walks the trace backwards and traces each op's gradient. */

import { VlaError } from '../base/errors.ts';
import { shapeText } from './axis-size.ts';
import { constant, tracedNodes, type Node, type Value } from './graph.ts';
import { isFloat } from './host-array.ts';
import { add } from './ops/binary.ts';
import { expand } from './ops/shape.ts';

/**
 * The gradients of the scalar `loss` with respect to `wrt`, each in its value's shape; zero where the loss does not depend
 * on a value. Runs inside the trace of the loss.
 */
export function gradient(loss: Value, wrt: readonly Value[]): Value[] {
  return gradientsReaching(loss, wrt).map((found, i) => found ?? expand(constant(0, wrt[i]!.dtype), wrt[i]!.shape));
}

/** The same, with null where no gradient reaches a value: the loss does not depend on it, or only where gradients are stopped. */
export function gradientsReaching(loss: Value, wrt: readonly Value[]): (Value | null)[] {
  if (loss.shape.length !== 0 || !isFloat(loss.dtype)) {
    throw new VlaError(
      'bad-shape',
      `gradient: expected a float scalar as loss, got ${loss.dtype} ${shapeText(loss.shape)}.`,
      { hint: 'Take reduceMean or reduceSum first.' },
    );
  }
  const nodes = [...tracedNodes()];
  // Only nodes between `wrt` and the loss are walked: they depend on one of the values …
  const depends = new Set<Value>(wrt);
  for (const node of nodes) {
    if (node.inputs.some((x) => depends.has(x))) for (const y of node.outputs) depends.add(y);
  }
  // … and gradients reach them from the loss.
  const gradients = new Map<Value, Value>([[loss, constant(1, loss.dtype)]]);
  for (const node of nodes.reverse()) {
    const arriving = node.outputs.map((y) => gradients.get(y) ?? null);
    if (arriving.every((g) => g === null) || !node.inputs.some((x) => depends.has(x))) continue;
    for (const [i, g] of traceGradient(node, arriving).entries()) {
      const x = node.inputs[i]!;
      if (g === null || !depends.has(x)) continue;
      const before = gradients.get(x);
      gradients.set(x, before === undefined ? g : add(before, g));
    }
  }
  return wrt.map((x) => gradients.get(x) ?? null);
}

function traceGradient(node: Node, gradients: readonly (Value | null)[]): readonly (Value | null)[] {
  const { op, inputs, outputs, attributes } = node;
  // What has no gradient (comparisons, indices) is constant in the sense of the chain rule.
  if (op.gradient === 'none') return inputs.map(() => null);
  return op.gradient({ inputs, outputs, gradients, attributes });
}
