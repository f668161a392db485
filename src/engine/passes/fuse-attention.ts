/** @file Attention whose weights nobody reads (no gradient flows) in one kernel, on the processor. */

import type { Graph, Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { attentionOp, type AttentionAttributes } from '../ops/attention.ts';
import { headsAttentionOp, maskedAttentionOp } from '../ops/fused-attention.ts';
import { multiplyDims, type Dim } from '../axis-size.ts';
import { expandOp, reshapeOp, transposeOp } from '../ops/shape.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

/** The graph with fused attention; heads move beside their features and back, which `simplify` joins with what is around. */
export function fuseAttention(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === (attentionOp as Op))) return graph;
  const read = new Set<Value>([...Object.values(graph.outputs), ...graph.nodes.flatMap(({ inputs }) => inputs)]);
  return rewrite(graph, (node, inputs, to) => {
    if (node.op !== (attentionOp as Op) || read.has(node.outputs[1]!) || node.outputs[0]!.dtype !== 'f32')
      return undefined;
    const fused = inputs.length === 4 ? withMask(node, inputs, to) : withoutMask(node, inputs, to);
    // Nobody asks for the second output.
    return fused === undefined ? undefined : [fused, fused];
  });
}

function withMask(node: Node, [q, k, v, mask]: readonly Value[], to: Rewriter): Value {
  const scores = node.outputs[1]!.shape.slice(-2);
  const whole = mask!.shape.slice(-2).join() === scores.join();
  const shape = [...mask!.shape.slice(0, -2), ...scores];
  const filled = whole ? mask! : to.add(expandOp as Op, [mask!], { shape })[0]!;
  return to.add(maskedAttentionOp as Op, [q!, k!, v!, filled], node.attributes)[0]!;
}

/** Key heads that several query heads share have no such kernel. */
function withoutMask(node: Node, [q, k, v]: readonly Value[], to: Rewriter): Value | undefined {
  const heads = q!.shape[1]!;
  if (typeof heads !== 'number' || k!.shape[1] !== heads) return undefined;
  const swap = (x: Value): Value => to.add(transposeOp as Op, [x], { permutation: [0, 2, 1, 3] })[0]!;
  const joined = (x: Value): Value => {
    const [b, h, t, d] = x.shape as [Dim, Dim, Dim, Dim];
    return to.add(reshapeOp as Op, [swap(x)], { shape: [b, t, multiplyDims(h, d)] })[0]!;
  };
  const { scale } = node.attributes as AttentionAttributes;
  const mixed = to.add(headsAttentionOp as Op, [joined(q!), joined(k!), joined(v!)], { heads, scale })[0]!;
  const [b, , t, e] = node.outputs[0]!.shape as [Dim, Dim, Dim, Dim];
  return swap(to.add(reshapeOp as Op, [mixed], { shape: [b, t, heads, e] })[0]!);
}
