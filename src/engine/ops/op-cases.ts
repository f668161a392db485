/** @file Test cases for every operator record: how its inputs are drawn and how it is applied. */

import { Random } from '../../base/random.ts';
import { elementCount, type DType, type Tensor } from '../../base/tensor.ts';
import { apply, type Value } from '../graph.ts';
import { hostNumbers, isFloat } from '../host-array.ts';
import * as e from '../index.ts';
import { quantiseRowsOp } from './quantised.ts';
import type { OpName } from './table.ts';

/** How one input is drawn. */
export interface InputCase {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The shape in the graph, where some axes are named; default `shape`. */
  readonly named?: readonly e.Dim[];
  /** Whole numbers are drawn from [low, high), floats uniformly from [low, high]. */
  readonly low: number;
  readonly high: number;
  /** Drawn values are multiples of 1/16 when set: exact in 16-bit floats, and never close to a tie without being one. */
  readonly grid?: boolean;
}

/** One way in which an operator is applied, with what to compare. */
export interface OpCase {
  readonly inputs: readonly InputCase[];
  readonly build: (...inputs: Value[]) => Value | readonly Value[];
  /** Which inputs are differentiated; default: all float32 ones. Empty where the op has no gradient. */
  readonly wrt?: readonly number[];
  /** How far the gradient in float32 may be from that in float64, relative; default 1e-5. */
  readonly tolerance?: number;
  /** Computes on 16-bit floats, which shaders on some graphics cards cannot. */
  readonly halfFloats?: boolean;
  /** Computes on 64-bit floats, which ONNX Runtime's browser build for WebGPU cannot. */
  readonly doubles?: boolean;
}

const floats = (shape: readonly number[], low = -2, high = 2): InputCase => ({ dtype: 'f32', shape, low, high });
const grid = (shape: readonly number[], dtype: DType = 'f32'): InputCase => ({
  dtype,
  shape,
  low: -2,
  high: 2,
  grid: true,
});
const whole = (shape: readonly number[], high: number, dtype: DType = 'i64', low = 0): InputCase => ({
  dtype,
  shape,
  low,
  high,
});
const bools = (shape: readonly number[]): InputCase => ({ dtype: 'bool', shape, low: 0, high: 2 });
const axes = (of: InputCase, ...named: e.Dim[]): InputCase => ({ ...of, named });

/** An elementwise function of one float tensor over [low, high]. */
const elementwise = (f: (x: Value) => Value, low = -2, high = 2): OpCase[] => [
  { inputs: [floats([3, 5], low, high)], build: f },
  { inputs: [axes(floats([3, 5], low, high), 'B', 5)], build: f },
];

const NO_GRADIENT: OpCase['wrt'] = [];

const quantiseRows = (x: Value): readonly Value[] => apply(quantiseRowsOp, [x], {});

/** An elementwise operator of two tensors: equal shapes, broadcasting both ways, a scalar, named axes, whole numbers. */
const pairwise = (
  f: (a: Value, b: Value) => Value,
  low = -2,
  high = 2,
  right: readonly [number, number] = [low, high],
): OpCase[] => [
  { inputs: [floats([3, 4], low, high), floats([3, 4], ...right)], build: f },
  { inputs: [floats([2, 1, 4], low, high), floats([3, 1], ...right)], build: f },
  { inputs: [floats([], low, high), floats([2, 3], ...right)], build: f },
  { inputs: [axes(floats([2, 3], low, high), 'B', 'T'), axes(floats([3], ...right), 'T')], build: f },
];

const comparisons = (f: (a: Value, b: Value) => Value): OpCase[] => [
  { inputs: [grid([2, 20]), grid([20])], build: f, wrt: NO_GRADIENT },
  { inputs: [whole([2, 20], 4), whole([2, 20], 4)], build: f, wrt: NO_GRADIENT },
];

const reductions = (f: (x: Value, axes?: readonly number[], o?: { keepDims: boolean }) => Value): OpCase[] => [
  { inputs: [floats([2, 3, 4])], build: (x) => f(x) },
  { inputs: [floats([2, 3, 4])], build: (x) => f(x, [0, -1]) },
  { inputs: [floats([2, 3, 4])], build: (x) => f(x, [1], { keepDims: true }) },
  { inputs: [axes(floats([2, 3, 4]), 'B', 'T', 4)], build: (x) => f(x, [0, 1]) },
];

/** Every op has at least one case; the compiler refuses a table with a missing op. */
export const OP_CASES: Readonly<Record<OpName, readonly OpCase[]>> = {
  add: [...pairwise(e.add), { inputs: [whole([4], 9), whole([4], 9)], build: e.add }],
  sub: [...pairwise(e.sub), { inputs: [whole([4], 9, 'i32'), whole([4], 9, 'i32')], build: e.sub }],
  mul: [...pairwise(e.mul), { inputs: [floats([2, 3])], build: (x) => e.reduceSumSquare(x, []) }],
  div: [
    ...pairwise(e.div, -2, 2, [0.5, 2]),
    { inputs: [whole([8], 9, 'i64', -9), whole([8], 4, 'i64', 1)], build: e.div },
  ],
  pow: pairwise(e.pow, 0.5, 2),
  maximum: pairwise(e.maximum),
  minimum: pairwise(e.minimum),
  neg: elementwise(e.neg),
  abs: elementwise(e.abs),
  sign: elementwise(e.sign),
  floor: elementwise(e.floor),
  sqrt: elementwise(e.sqrt, 0.5, 4),
  reciprocal: elementwise(e.reciprocal, 0.5, 2),
  exp: elementwise(e.exp),
  log: elementwise(e.log, 0.5, 4),
  tanh: elementwise(e.tanh),
  sigmoid: elementwise(e.sigmoid, -6, 6),
  erf: elementwise(e.erf, -3, 3),
  sin: elementwise(e.sin, -6, 6),
  cos: elementwise(e.cos, -6, 6),
  relu: elementwise(e.relu),
  silu: elementwise(e.silu, -6, 6),
  gelu: [
    ...elementwise((x) => e.gelu(x, { approximate: 'tanh' }), -4, 4),
    ...elementwise((x) => e.gelu(x, { approximate: 'none' }), -4, 4),
  ],
  cast: [
    { inputs: [grid([20])], build: (x) => e.cast(e.cast(x, 'f16'), 'f32'), tolerance: 1e-3, halfFloats: true },
    { inputs: [floats([20])], build: (x) => e.cast(e.cast(x, 'f16'), 'f32'), wrt: NO_GRADIENT, halfFloats: true },
    { inputs: [floats([20])], build: (x) => e.cast(e.cast(x, 'bf16'), 'f32'), wrt: NO_GRADIENT, halfFloats: true },
    { inputs: [floats([20])], build: (x) => e.cast(x, 'f64'), doubles: true },
    { inputs: [floats([20], -9, 9)], build: (x) => e.cast(x, 'i64'), wrt: NO_GRADIENT },
    { inputs: [grid([20])], build: (x) => e.cast(x, 'bool'), wrt: NO_GRADIENT },
    { inputs: [whole([20], 200, 'u8')], build: (x) => e.cast(x, 'f32') },
    { inputs: [whole([20], 100, 'i8', -100)], build: (x) => e.cast(x, 'i32') },
    { inputs: [bools([20])], build: (x) => e.cast(x, 'f32') },
  ],
  stopGradient: [{ inputs: [floats([4])], build: (x) => e.add(e.stopGradient(x), 1), wrt: NO_GRADIENT }],
  after: [{ inputs: [floats([3, 4]), floats([2, 5, 3])], build: (x, y) => e.after(x, e.known([y])) }],
  equal: comparisons(e.equal),
  less: comparisons(e.less),
  greater: comparisons(e.greater),
  greaterOrEqual: [...comparisons(e.greaterOrEqual), ...comparisons(e.lessOrEqual)],
  and: [{ inputs: [bools([20]), bools([20])], build: e.and }],
  or: [{ inputs: [bools([20]), bools([20])], build: e.or }],
  not: [{ inputs: [bools([20])], build: e.not }],
  where: [
    { inputs: [bools([3, 4]), floats([3, 4]), floats([4])], build: e.where },
    { inputs: [bools([3, 1]), floats([4])], build: (c, x) => e.where(c, x, -1) },
  ],
  reshape: [
    { inputs: [floats([2, 3, 4])], build: (x) => e.reshape(x, [6, -1]) },
    { inputs: [axes(floats([2, 3, 4]), 'B', 'T', 4)], build: (x) => e.reshape(x, ['B*T', 2, 2]) },
    { inputs: [axes(floats([2, 3, 4]), 'B', 'T', 4)], build: (x) => e.reshape(x, ['B', 2, '2*T']) },
    { inputs: [floats([])], build: (x) => e.reshape(x, [1, 1]) },
  ],
  transpose: [
    { inputs: [floats([2, 3, 4])], build: (x) => e.transpose(x, [2, 0, 1]) },
    { inputs: [axes(floats([2, 3, 4, 1]), 'B', 'T', 4, 1)], build: (x) => e.transpose(x, [0, 2, 1, 3]) },
  ],
  expand: [
    { inputs: [floats([3, 1])], build: (x) => e.expand(x, [2, 3, 4]) },
    { inputs: [axes(floats([3, 1]), 'T', 1)], build: (x) => e.expand(x, [2, 'T', 4]) },
  ],
  slice: [
    { inputs: [floats([3, 6])], build: (x) => e.slice(x, 1, 1, 4) },
    { inputs: [floats([3, 6])], build: (x) => e.slice(x, -1, -3, 6) },
    { inputs: [axes(floats([3, 6]), 3, 'T')], build: (x) => e.slice(x, 1, 2, 'T') },
    { inputs: [axes(floats([3, 6]), 3, 'T')], build: (x) => e.slice(x, 1, 0, 'T-2') },
  ],
  split: [
    { inputs: [floats([2, 6])], build: (x) => e.split(x, 1, [1, 3, 2]) },
    { inputs: [axes(floats([6, 2]), 'T', 2)], build: (x) => e.split(x, 0, [2, 'T-2']) },
    { inputs: [floats([2, 6])], build: (x) => e.split(x, 1, [1, 3, 2])[1]! },
  ],
  concat: [
    { inputs: [floats([2, 3]), floats([2, 1])], build: (a, b) => e.concat([a, b], 1) },
    { inputs: [axes(floats([4, 3]), 'T', 3), floats([2, 3])], build: (a, b) => e.concat([a, b], 0) },
  ],
  pad: [
    { inputs: [floats([2, 3])], build: (x) => e.pad(x, 1, 2, 1) },
    { inputs: [axes(floats([2, 3]), 2, 'T')], build: (x) => e.pad(x, 1, 'T', 0) },
  ],
  reduceSum: [
    ...reductions(e.reduceSum),
    { inputs: [floats([4, 8, 3])], build: (x) => e.reduceSum(x, [0, 1]) },
    { inputs: [axes(floats([40, 3]), 40, 'T')], build: (x) => e.reduceSum(x, [0], { keepDims: true }) },
  ],
  reduceMean: reductions(e.reduceMean),
  reduceSumSquare: reductions(e.reduceSumSquare),
  reduceMax: reductions(e.reduceMax),
  dimSize: [
    { inputs: [axes(floats([2, 3]), 'B', 'T')], build: (x) => e.mul(x, e.dimSize('2*B*T+1', 'f32')) },
    { inputs: [axes(floats([2, 3]), 'B', 'T')], build: () => e.dimSize('T', 'i64'), wrt: NO_GRADIENT },
  ],
  argMax: [
    { inputs: [floats([3, 8])], build: (x) => e.argMax(x, -1), wrt: NO_GRADIENT },
    { inputs: [grid([40, 3])], build: (x) => e.argMax(x, 0), wrt: NO_GRADIENT },
  ],
  cumsum: [
    { inputs: [floats([3, 5])], build: (x) => e.cumsum(x, 1) },
    { inputs: [floats([3, 5, 2])], build: (x) => e.cumsum(x, 0, { reverse: true }) },
  ],
  matmul: [
    { inputs: [floats([3, 4]), floats([4, 5])], build: (a, b) => e.matmul(a, b) },
    { inputs: [floats([2, 3, 4]), floats([2, 4, 5])], build: (a, b) => e.matmul(a, b, { alpha: 0.5 }) },
    { inputs: [floats([2, 4, 3]), floats([2, 4, 5])], build: (a, b) => e.matmul(a, b, { transA: true }) },
    { inputs: [floats([2, 3, 4]), floats([2, 5, 4])], build: (a, b) => e.matmul(a, b, { transB: true, alpha: 2 }) },
    { inputs: [floats([4, 3]), floats([5, 4])], build: (a, b) => e.matmul(a, b, { transA: true, transB: true }) },
    { inputs: [floats([2, 3, 4]), floats([4, 5])], build: (a, b) => e.matmul(a, b) },
    { inputs: [floats([2, 1, 3, 4]), floats([3, 4, 5])], build: (a, b) => e.matmul(a, b) },
    {
      inputs: [axes(floats([2, 3, 4]), 'B', 'T', 4), axes(floats([2, 3, 4]), 'B', 'T', 4)],
      build: (a, b) => e.matmul(a, b, { transB: true }),
    },
  ],
  gemm: [
    { inputs: [floats([3, 4]), floats([5, 4])], build: (x, w) => e.linear(x, w) },
    { inputs: [floats([2, 3, 4]), floats([5, 4]), floats([5])], build: (x, w, b) => e.linear(x, w, b) },
    {
      inputs: [axes(floats([2, 3, 4]), 'B', 'T', 4), floats([5, 4]), floats([5])],
      build: (x, w, b) => e.linear(x, w, b),
    },
  ],
  quantiseRows: [
    { inputs: [floats([3, 8])], build: quantiseRows, wrt: NO_GRADIENT },
    { inputs: [axes(floats([3, 8]), 'T', 8)], build: quantiseRows, wrt: NO_GRADIENT },
  ],
  channelProduct: [
    {
      inputs: [floats([3, 8]), whole([8, 5], 128, 'i8', -127), floats([5], 0.01, 0.02)],
      build: e.channelProduct,
      wrt: NO_GRADIENT,
    },
    {
      inputs: [axes(floats([3, 8]), 'T', 8), whole([8, 5], 128, 'i8', -127), floats([5], 0.01, 0.02)],
      build: e.channelProduct,
      wrt: NO_GRADIENT,
    },
  ],
  blockProduct: [
    {
      inputs: [floats([3, 64]), whole([5, 2, 16], 256, 'u8'), floats([5, 2], 0.1, 0.2)],
      build: (x, w, s) => e.blockProduct(x, w, s, { bits: 4, block: 32 }),
      wrt: NO_GRADIENT,
    },
    {
      inputs: [floats([3, 64]), whole([5, 2, 32], 256, 'u8'), floats([5, 2], 0.1, 0.2)],
      build: (x, w, s) => e.blockProduct(x, w, s, { bits: 8, block: 32 }),
      wrt: NO_GRADIENT,
    },
  ],
  softmax: elementwise(e.softmax),
  logSoftmax: elementwise(e.logSoftmax),
  crossEntropy: [
    { inputs: [floats([4, 7]), whole([4], 7)], build: (x, y) => e.crossEntropy(x, y) },
    {
      inputs: [axes(floats([2, 3, 7]), 'B', 'T', 7), axes(whole([2, 3], 7), 'B', 'T')],
      build: (x, y) => e.crossEntropy(x, y),
    },
  ],
  layerNorm: [
    { inputs: [floats([4, 8]), floats([8]), floats([8])], build: (x, w, b) => e.layerNorm(x, w, b, 1e-5) },
    { inputs: [axes(floats([2, 3, 8]), 'B', 'T', 8), floats([8])], build: (x, w) => e.layerNorm(x, w, null, 1e-6) },
    { inputs: [floats([4, 8])], build: (x) => e.layerNorm(x, null, null, 1e-6) },
  ],
  rmsNorm: [
    { inputs: [floats([4, 8]), floats([8])], build: (x, w) => e.rmsNorm(x, w, 1e-6) },
    { inputs: [axes(floats([2, 3, 8]), 'B', 'T', 8), floats([8])], build: (x, w) => e.rmsNorm(x, w, 1e-2) },
  ],
  headsAttention: [
    {
      inputs: [floats([2, 3, 8]), floats([2, 5, 8]), floats([2, 5, 8])],
      build: (q, k, v) => e.headsAttention(q, k, v, { heads: 2, scale: 0.4 }),
      wrt: NO_GRADIENT,
    },
    {
      inputs: [
        axes(floats([2, 3, 8]), 'B', 'T', 8),
        axes(floats([2, 6, 8]), 'B', 'S', 8),
        axes(floats([2, 6, 4]), 'B', 'S', 4),
      ],
      build: (q, k, v) => e.headsAttention(q, k, v, { heads: 2, scale: 0.4 }),
      wrt: NO_GRADIENT,
    },
  ],
  maskedAttention: [
    {
      inputs: [floats([2, 4, 3, 8]), floats([2, 2, 6, 8]), floats([2, 2, 6, 8]), floats([2, 1, 3, 6])],
      build: (q, k, v, mask) => e.maskedAttention(q, k, v, mask, { scale: 0.4 }),
      wrt: NO_GRADIENT,
    },
    {
      inputs: [
        axes(floats([2, 4, 3, 5]), 'B', 4, 'T', 5),
        axes(floats([2, 1, 6, 5]), 'B', 1, 'S', 5),
        axes(floats([2, 1, 6, 5]), 'B', 1, 'S', 5),
        axes(floats([3, 6]), 'T', 'S'),
      ],
      build: (q, k, v, mask) => e.maskedAttention(q, k, v, mask, { scale: 0.4 }),
      wrt: NO_GRADIENT,
    },
  ],
  attention: [
    {
      inputs: [floats([2, 3, 4, 5]), floats([2, 3, 6, 5]), floats([2, 3, 6, 2])],
      build: (q, k, v) => e.attention(q, k, v, null, { scale: 0.4 }),
    },
    {
      inputs: [floats([2, 4, 3, 5]), floats([2, 2, 6, 5]), floats([2, 2, 6, 2]), floats([2, 1, 3, 6])],
      build: (q, k, v, mask) => e.attention(q, k, v, mask, { scale: 0.4 }),
    },
    {
      inputs: [
        axes(floats([2, 4, 3, 5]), 'B', 4, 'T', 5),
        axes(floats([2, 1, 6, 5]), 'B', 1, 'S', 5),
        axes(floats([2, 1, 6, 5]), 'B', 1, 'S', 5),
        axes(floats([3, 6]), 'T', 'S'),
      ],
      build: (q, k, v, mask) => e.attention(q, k, v, mask, { scale: 0.4 }),
    },
  ],
  rotary: [
    { inputs: [floats([2, 3, 4, 6]), floats([2, 4, 3]), floats([2, 4, 3])], build: e.rotary },
    {
      inputs: [
        axes(floats([2, 3, 4, 2]), 'B', 3, 'T', 2),
        axes(floats([2, 4, 1]), 'B', 'T', 1),
        axes(floats([2, 4, 1]), 'B', 'T', 1),
      ],
      build: e.rotary,
    },
  ],
  gather: [
    { inputs: [floats([6, 3]), whole([2, 4], 6)], build: (x, i) => e.gather(x, i, 0) },
    { inputs: [floats([2, 5, 3]), whole([4], 5)], build: (x, i) => e.gather(x, i, 1) },
    { inputs: [floats([6, 3]), axes(whole([2, 4], 6, 'i32'), 'B', 'T')], build: (x, i) => e.gather(x, i, 0) },
  ],
  gatherElements: [{ inputs: [floats([3, 5]), whole([3, 4], 5)], build: (x, i) => e.gatherElements(x, i, 1) }],
  scatterAdd: [
    { inputs: [floats([3, 5]), whole([3, 9], 5), floats([3, 9])], build: (x, i, u) => e.scatterAdd(x, i, u, 1) },
    { inputs: [floats([4, 2]), whole([9, 2], 4), floats([9, 2])], build: (x, i, u) => e.scatterAdd(x, i, u, 0) },
  ],
  oneHot: [
    { inputs: [whole([2, 6], 6, 'i64', -1)], build: (i) => e.oneHot(i, 5) },
    { inputs: [whole([6], 5, 'i32')], build: (i) => e.oneHot(i, 5, 'i64') },
  ],
  conv2d: [
    {
      inputs: [floats([2, 3, 5, 6]), floats([4, 3, 3, 3]), floats([4])],
      build: (x, w, b) => e.conv2d(x, w, b, { stride: 1, padding: 1 }),
    },
    {
      inputs: [floats([2, 3, 8, 6]), floats([4, 3, 2, 2])],
      build: (x, w) => e.conv2d(x, w, null, { stride: 2, padding: 0 }),
    },
    // Rows that no window reaches.
    {
      inputs: [floats([1, 2, 8, 9]), floats([2, 2, 3, 3])],
      build: (x, w) => e.conv2d(x, w, null, { stride: 3, padding: 1 }),
    },
    {
      inputs: [floats([1, 2, 8, 8]), floats([2, 2, 3, 3])],
      build: (x, w) => e.conv2d(x, w, null, { stride: 4, padding: 0 }),
    },
  ],
  conv2dInputGradient: [
    {
      inputs: [floats([1, 2, 2, 2]), floats([2, 3, 3, 3])],
      build: (g, w) => e.conv2dInputGradient(g, w, { strides: [2, 2], padding: [1, 1], size: [4, 4] }),
    },
  ],
  conv2dWeightGradient: [
    {
      inputs: [floats([2, 3, 5, 5]), floats([2, 2, 3, 3])],
      build: (x, g) => e.conv2dWeightGradient(x, g, { strides: [2, 2], padding: [1, 1], size: [3, 3] }),
    },
  ],
};

/** The values of one input of a case: the same at every call, another stream for each input. */
export function drawInput(op: OpName, spec: OpCase, index: number): Tensor {
  const random = new Random(7, Object.keys(OP_CASES).indexOf(op), OP_CASES[op].indexOf(spec), index);
  const { dtype, shape, low, high, grid: onGrid = false } = spec.inputs[index]!;
  const values = Array.from({ length: elementCount(shape) }, () => {
    if (!isFloat(dtype)) return low + random.integer(high - low);
    const value = random.range(low, high);
    return onGrid ? Math.round(value * 16) / 16 : Math.fround(value);
  });
  return { dtype, shape, data: hostNumbers(dtype, values) } as Tensor;
}
