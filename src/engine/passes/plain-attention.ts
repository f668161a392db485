/** @file Attention said with its two products and the softmax between them, where no kernel does them together. */

import { divideDims, multiplyDims, type Dim } from '../axis-size.ts';
import type { Graph, Node, Value } from '../graph.ts';
import type { Op } from '../op.ts';
import { attentionOp, type AttentionAttributes } from '../ops/attention.ts';
import { addOp } from '../ops/binary.ts';
import { matmulOp, type MatmulAttributes } from '../ops/matmul.ts';
import { reshapeOp } from '../ops/shape.ts';
import { softmaxOp } from '../ops/softmax.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

/** The graph without the operator `attention`. */
export function plainAttention(graph: Graph): Graph {
  if (!graph.nodes.some(({ op }) => op === (attentionOp as Op))) return graph;
  return rewrite(graph, (node, inputs, to) => {
    return node.op === (attentionOp as Op) ? products(node, inputs, to) : undefined;
  });
}

/** What attention computes and its weights, from q [B, H, T, d], k [B, G, S, d] and v [B, G, S, e]. */
function products(node: Node, [q, k, v, mask]: readonly Value[], to: Rewriter): readonly Value[] {
  const [out, weights] = node.outputs as readonly [Value, Value];
  const add = (op: Op, inputs: readonly Value[], attributes: unknown = {}): Value => to.add(op, inputs, attributes)[0]!;
  const multiply = (a: Value, b: Value, attributes: Partial<MatmulAttributes> = {}): Value =>
    add(matmulOp as Op, [a, b], { transA: false, transB: false, alpha: 1, ...attributes });
  const groups = k!.shape[1]!;
  const plain = groups === q!.shape[1];
  // Queries of the heads that share one key head lie side by side: [B, H, T, …] is [B, G, (H/G)·T, …] in memory.
  const grouped = (x: Value): Value => {
    if (plain) return x;
    const [b, h, t, d] = x.shape as [Dim, Dim, Dim, Dim];
    return add(reshapeOp as Op, [x], { shape: [b, groups, multiplyDims(divideDims(h, groups)!, t), d] });
  };
  const back = (x: Value, shape: readonly Dim[]): Value => (plain ? x : add(reshapeOp as Op, [x], { shape }));
  const { scale } = node.attributes as AttentionAttributes;
  const scores = back(multiply(grouped(q!), k!, { transB: true, alpha: scale }), weights.shape);
  const masked = mask === undefined ? scores : add(addOp as Op, [scores, mask]);
  const shares = add(softmaxOp as Op, [masked]);
  return [back(multiply(grouped(shares), v!), out.shape), shares];
}
