/**
 * @file Products as graphics cards have them. ONNX Runtime 1.30 has no FusedMatMul on WebGPU: every one of them runs on the processor,
 * and its matrices travel there and back. So transpositions and factors are said for themselves, or by Gemm where all is flat.
 */

import { tensor } from '../../base/tensor.ts';
import type { Dim } from '../axis-size.ts';
import type { Graph, Value } from '../graph.ts';
import { hostNumbers } from '../host-array.ts';
import type { Op } from '../op.ts';
import { mulOp } from '../ops/binary.ts';
import { gemmOp, matmulOp, type MatmulAttributes } from '../ops/matmul.ts';
import { transposeOp } from '../ops/shape.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

/** The graph without matrix products that transpose or scale. */
export function plainProducts(graph: Graph): Graph {
  const swaps = new Map<Value, Value>();
  return rewrite(graph, (node, inputs, to) => {
    if (node.op !== (matmulOp as Op)) return undefined;
    const { transA, transB, alpha } = node.attributes as MatmulAttributes;
    if (!transA && !transB && alpha === 1) return undefined;
    const [a, b] = inputs as readonly [Value, Value];
    const [y] = node.outputs as readonly [Value];
    // The factor goes where there are fewer numbers.
    const first = sizeOrInfinity(a) <= sizeOrInfinity(y);
    const left = first ? scaled(a, alpha, to) : a;
    const product =
      a.shape.length === 2 && b.shape.length === 2
        ? to.add(gemmOp as Op, [left, b], { transA, transB })[0]!
        : to.add(matmulOp as Op, [transA ? swapped(left, to, swaps) : left, transB ? swapped(b, to, swaps) : b], {
            transA: false,
            transB: false,
            alpha: 1,
          })[0]!;
    return [first ? product : scaled(product, alpha, to)];
  });
}

function scaled(x: Value, factor: number, to: Rewriter): Value {
  if (factor === 1) return x;
  const content = tensor(x.dtype, [], hostNumbers(x.dtype, [factor]));
  const constant = to.value({ dtype: x.dtype, shape: [] }, { kind: 'constant', tensor: content });
  return to.add(mulOp as Op, [x, constant], {})[0]!;
}

/** A value with its last two axes in each other's place; `known` holds what was swapped before. */
function swapped(x: Value, to: Rewriter, known: Map<Value, Value>): Value {
  let value = known.get(x);
  if (value === undefined) {
    const permutation = x.shape.map((_, axis) => axis);
    permutation.push(permutation.pop()!, permutation.pop()!);
    known.set(x, (value = to.add(transposeOp as Op, [x], { permutation })[0]!));
  }
  return value;
}

function sizeOrInfinity({ shape }: { readonly shape: readonly Dim[] }): number {
  return shape.reduce<number>((size, dim) => (typeof dim === 'number' ? size * dim : Infinity), 1);
}
