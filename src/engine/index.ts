/** @file The engine's public face: trace, differentiate, run. */

export type { Dim } from './axis-size.ts';
export { addDims, bindDim, divideDims, multiplyDims, sizeOf, subtractDims } from './axis-size.ts';
export { compile, type CompiledGraph, type CompileOptions } from './compile.ts';
export { dims, namedDims, type Letters } from './dims.ts';
export { gradient, gradientsReaching, type GradientOptions } from './gradient.ts';
export { constant, input, output, segment, trace, weight, type Graph, type TensorType, type Value } from './graph.ts';
export { safetensorsWeights } from './onnx/safetensors-weights.ts';
export { toOnnx, type WeightContent } from './onnx/write.ts';
export { createCompiledSession, createSession } from './session.ts';
export type {
  Arithmetic,
  CompiledSessionOptions,
  Runtime,
  Session,
  SessionOptions,
  WeightPrecision,
} from './session-types.ts';
export type { Operand } from './ops/broadcast.ts';
export { after, known } from './ops/after.ts';
export { attention } from './ops/attention.ts';
export { headsAttention, maskedAttention } from './ops/fused-attention.ts';
export { add, clamp, div, maximum, minimum, mul, pow, sub } from './ops/binary.ts';
export { cast, stopGradient } from './ops/cast.ts';
export { conv2d, conv2dInputGradient, conv2dWeightGradient } from './ops/conv.ts';
export { gather, gatherElements, oneHot, scatterAdd } from './ops/gather.ts';
export { gelu } from './ops/gelu.ts';
export { and, equal, greater, greaterOrEqual, less, lessOrEqual, not, or, where } from './ops/logic.ts';
export { linear, matmul } from './ops/matmul.ts';
export { layerNorm, rmsNorm } from './ops/norm.ts';
export { blockProduct, channelProduct } from './ops/quantised.ts';
export { argMax, cumsum, dimSize, reduceMax, reduceMean, reduceSum, reduceSumSquare } from './ops/reduce.ts';
export { rotary } from './ops/rotary.ts';
export { expand, reshape, squeeze, transpose, unsqueeze } from './ops/shape.ts';
export { concat, pad, slice, split } from './ops/slice.ts';
export { crossEntropy, logSoftmax, softmax } from './ops/softmax.ts';
export {
  abs,
  cos,
  erf,
  exp,
  floor,
  log,
  neg,
  reciprocal,
  relu,
  sigmoid,
  sign,
  silu,
  sin,
  sqrt,
  tanh,
} from './ops/unary.ts';
