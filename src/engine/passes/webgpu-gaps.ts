/** @file What ONNX Runtime 1.30 cannot do on WebGPU, or does wrongly, said with operators that it does right. */

import { tensor } from '../../base/tensor.ts';
import { addDims, type Dim } from '../axis-size.ts';
import type { Graph, Value } from '../graph.ts';
import { hostNumbers } from '../host-array.ts';
import type { Op } from '../op.ts';
import { addOp, mulOp } from '../ops/binary.ts';
import { rmsNormOp, type NormAttributes } from '../ops/norm.ts';
import { reduceMeanOp } from '../ops/reduce.ts';
import { sliceOp, splitOp, type SplitAttributes } from '../ops/slice.ts';
import { reciprocalOp, sqrtOp } from '../ops/unary.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

/** A shader may bind eight buffers on every device (maxStorageBuffersPerShaderStage): one is read, so many are written. */
const SPLIT_OUTPUTS = 7;

/**
 * The graph without splits into more parts than a shader can write (each part becomes a slice), and without the second output of
 * rmsNorm, which is the mean there instead of the inverse root.
 */
export function avoidWebGpuGaps(graph: Graph): Graph {
  const read = new Set<Value>([...Object.values(graph.outputs), ...graph.nodes.flatMap(({ inputs }) => inputs)]);
  return rewrite(graph, (node, inputs, to) => {
    const is = (op: Op): boolean => node.op === op;
    if (is(splitOp as Op) && node.outputs.length > SPLIT_OUTPUTS) {
      return slices(inputs[0]!, node.attributes as SplitAttributes, to);
    }
    if (is(rmsNormOp as Op) && read.has(node.outputs[1]!)) {
      const attributes = node.attributes as NormAttributes;
      const [y] = to.add(node.op, inputs, attributes);
      return [y!, inverseRoot(inputs[0]!, attributes.epsilon, to)];
    }
    return undefined;
  });
}

function slices(x: Value, { axis, sizes }: SplitAttributes, to: Rewriter): Value[] {
  let start: Dim = 0;
  return sizes.map((size) => {
    const end = addDims(start, size);
    const [part] = to.add(sliceOp as Op, [x], { axis, start, end });
    start = end;
    return part!;
  });
}

/** 1 / √(mean(x²) + epsilon) over the last axis, which is kept. */
function inverseRoot(x: Value, epsilon: number, to: Rewriter): Value {
  const one = (op: Op, ...inputs: Value[]): Value => to.add(op, inputs, {})[0]!;
  const axes = { axes: [x.shape.length - 1], keepDims: true };
  const [mean] = to.add(reduceMeanOp as Op, [one(mulOp as Op, x, x)], axes);
  const content = tensor(x.dtype, [], hostNumbers(x.dtype, [epsilon]));
  const shift = to.value({ dtype: x.dtype, shape: [] }, { kind: 'constant', tensor: content });
  return one(reciprocalOp as Op, one(sqrtOp as Op, one(addOp as Op, mean!, shift)));
}
