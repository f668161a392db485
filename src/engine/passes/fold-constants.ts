/** @file Computes small results of constants while the graph is built. */

import type { Graph, Value } from '../graph.ts';
import { fromTensor, hostArray, isFloat, toTensor } from '../host-array.ts';
import { elementCount } from '../../base/tensor.ts';
import { rewrite } from './rewrite.ts';

/** Larger results stay nodes: ONNX Runtime folds what it wants, and the model file stays small. */
const MAX_ELEMENTS = 1024;

/** The graph in which float32 and whole-number nodes that read only constants are constants. */
export function foldConstants(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, to): readonly Value[] | undefined => {
    const foldable =
      inputs.length > 0 &&
      inputs.every((x) => x.source.kind === 'constant') &&
      [...inputs, ...node.outputs].every(
        ({ dtype, shape }) =>
          (dtype === 'f32' || !isFloat(dtype)) &&
          shape.every((dim) => typeof dim === 'number') &&
          elementCount(shape as readonly number[]) <= MAX_ELEMENTS,
      );
    if (!foldable) return undefined;
    const arrays = inputs.map((x) =>
      fromTensor((x.source as { tensor: Parameters<typeof fromTensor>[0] }).tensor, 'f32'),
    );
    const outputs = node.outputs.map(({ dtype, shape }) => hostArray(dtype, shape as readonly number[], 'f32'));
    node.op.reference({ inputs: arrays, outputs, attributes: node.attributes, size: Number });
    return outputs.map((out) => to.value(out, { kind: 'constant', tensor: toTensor(out) }));
  });
}
