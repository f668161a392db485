/** @file Reverse-mode differentiation: walks the trace backwards and traces each op's gradient. */

import { VlaError } from '../base/errors.ts';
import { shapeText } from './axis-size.ts';
import { constant, tracedNodes, tracedSegments, type Node, type Value } from './graph.ts';
import { isFloat } from './host-array.ts';
import { add } from './ops/binary.ts';
import { expand } from './ops/shape.ts';
import { fixedValues, rematerialise } from './rematerialise.ts';

/** How a gradient is computed. */
export interface GradientOptions {
  /**
   * Compute what lies inside segments (see `segment`) once more when the backward pass comes there, instead of keeping it from
   * the forward pass: less memory, more time, the same numbers.
   */
  readonly rematerialise?: boolean;
}

/**
 * The gradients of the scalar `loss` with respect to `wrt`, each in its value's shape; zero where the loss does not depend
 * on a value. Runs inside the trace of the loss.
 */
export function gradient(loss: Value, wrt: readonly Value[], options: GradientOptions = {}): Value[] {
  return gradientsReaching(loss, wrt, options).map(
    (found, i) => found ?? expand(constant(0, wrt[i]!.dtype), wrt[i]!.shape),
  );
}

/** The same, with null where no gradient reaches a value: the loss does not depend on it, or only where gradients are stopped. */
export function gradientsReaching(loss: Value, wrt: readonly Value[], options: GradientOptions = {}): (Value | null)[] {
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
  /** Passes a node's gradients on; `again` holds the values that its gradient is computed from. */
  const pass = (node: Node, again: Node = node): void => {
    const arriving = node.outputs.map((y) => gradients.get(y) ?? null);
    if (arriving.every((g) => g === null) || !node.inputs.some((x) => depends.has(x))) return;
    for (const [i, g] of traceGradient(again, arriving).entries()) {
      const x = node.inputs[i]!;
      if (g === null || !depends.has(x)) continue;
      const before = gradients.get(x);
      gradients.set(x, before === undefined ? g : add(before, g));
    }
  };
  const segments = options.rematerialise === true ? [...tracedSegments()] : [];
  const fixed = segments.length === 0 ? new Set<Value>() : fixedValues(nodes, wrt);
  for (let at = nodes.length; at > 0; at--) {
    const last = segments.at(-1);
    if (last === undefined || last.to < at) {
      pass(nodes[at - 1]!);
      continue;
    }
    segments.pop();
    rematerialise(nodes.slice(last.from, at), { gradients, fixed, pass });
    at = last.from + 1;
  }
  return wrt.map((x) => gradients.get(x) ?? null);
}

function traceGradient(node: Node, gradients: readonly (Value | null)[]): readonly (Value | null)[] {
  const { op, inputs, outputs, attributes } = node;
  // What has no gradient (comparisons, indices) is constant in the sense of the chain rule.
  if (op.gradient === 'none') return inputs.map(() => null);
  return op.gradient({ inputs, outputs, gradients, attributes });
}
