/** @file What ONNX Runtime 1.30 cannot do on WebGPU, or does wrongly, said with operators that it does right. */

import { tensor } from '../../base/tensor.ts';
import { addDims, type Dim } from '../axis-size.ts';
import type { Graph, Value } from '../graph.ts';
import { hostNumbers } from '../host-array.ts';
import type { Op } from '../op.ts';
import { addOp, mulOp, subOp } from '../ops/binary.ts';
import { gatherElementsOp } from '../ops/gather.ts';
import { rmsNormOp, type NormAttributes } from '../ops/norm.ts';
import { reduceMaxOp, reduceMeanOp, reduceSumOp } from '../ops/reduce.ts';
import { reshapeOp } from '../ops/shape.ts';
import { sliceOp, splitOp, type SplitAttributes } from '../ops/slice.ts';
import { crossEntropyOp, logSoftmaxOp } from '../ops/softmax.ts';
import { expOp, logOp, negOp, reciprocalOp, sqrtOp } from '../ops/unary.ts';
import { plainAttention } from './plain-attention.ts';
import { plainProducts } from './plain-products.ts';
import { rewrite, type Rewriter } from './rewrite.ts';

/** A shader may bind eight buffers on every device (maxStorageBuffersPerShaderStage): one is read, so many are written. */
const SPLIT_OUTPUTS = 7;

/**
 * The graph without splits into more parts than a shader can write (each part becomes a slice), without the second output of
 * rmsNorm, which is the mean there instead of the inverse root, and without what only the processor has a kernel for and models
 * do to large tensors: products that transpose or scale, and logarithms of softmax.
 */
export function avoidWebGpuGaps(graph: Graph): Graph {
  return plainProducts(plainAttention(avoidKernels(graph)));
}

function avoidKernels(graph: Graph): Graph {
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
    if (is(logSoftmaxOp as Op)) return [logSoftmax(inputs[0]!, to)];
    if (is(crossEntropyOp as Op)) return crossEntropy(inputs as [Value, Value], to);
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

/** x − max − log Σ exp(x − max) over the last axis. */
function logSoftmax(x: Value, to: Rewriter): Value {
  const axes = { axes: [x.shape.length - 1], keepDims: true };
  const [max] = to.add(reduceMaxOp as Op, [x], axes);
  const [shifted] = to.add(subOp as Op, [x, max!], {});
  const [sum] = to.add(reduceSumOp as Op, to.add(expOp as Op, [shifted!], {}), axes);
  return to.add(subOp as Op, [shifted!, ...to.add(logOp as Op, [sum!], {})], {})[0]!;
}

function crossEntropy([logits, labels]: readonly [Value, Value], to: Rewriter): readonly Value[] {
  const logProbabilities = logSoftmax(logits, to);
  const column = to.add(reshapeOp as Op, [labels], { shape: [...labels.shape, 1] });
  const picked = to.add(gatherElementsOp as Op, [logProbabilities, ...column], { axis: logits.shape.length - 1 });
  const [row] = to.add(reshapeOp as Op, picked, { shape: labels.shape });
  return [...to.add(negOp as Op, [row!], {}), logProbabilities];
}
