/** @file Reductions over axes, the index of the largest entry, running sums, and the size of an axis as a number. */

import { VlaError } from '../../base/errors.ts';
import type { DType } from '../../base/tensor.ts';
import { divideDims, shapeText, sizeOf, type Dim } from '../axis-size.ts';
import { apply, constant, type Value } from '../graph.ts';
import type { HostArray } from '../host-array.ts';
import { axisIndex, defineOp, withAxis, type LoweringCall, type Op } from '../op.ts';
import type { Emitter } from '../onnx/emitter.ts';
import { ONNX_TYPES } from '../onnx/types.ts';
import { div, mul } from './binary.ts';
import { broadcastStrides, forEachPosition } from './broadcast.ts';
import { cast } from './cast.ts';
import { equal } from './logic.ts';
import { expand, reshape } from './shape.ts';

export interface ReduceAttributes {
  /** Sorted, counted from the front. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** The shape with reduced axes of size 1. */
function keptShape(shape: readonly Dim[], axes: readonly number[]): Dim[] {
  return shape.map((dim, i) => (axes.includes(i) ? 1 : dim));
}

function reducedShape(shape: readonly Dim[], { axes, keepDims }: ReduceAttributes): Dim[] {
  return keepDims ? keptShape(shape, axes) : shape.filter((_, i) => !axes.includes(i));
}

/** Calls `visit(output position, input position)` for every input element. */
function forEachReduced(x: HostArray, axes: readonly number[], visit: (to: number, from: number) => void): void {
  const strides = broadcastStrides(keptShape(x.shape, axes) as number[], x.shape);
  forEachPosition(x.shape, [strides], (from, [to]) => visit(to!, from));
}

function reduction(
  name: string,
  onnxType: string,
  f: (x: HostArray, sums: Float64Array, axes: readonly number[]) => void,
  gradient: (g: Value, x: Value, y: Value, attributes: ReduceAttributes) => Value,
): Op<ReduceAttributes> {
  return defineOp<ReduceAttributes>({
    name,
    infer([x], attributes) {
      return [{ dtype: x!.dtype, shape: reducedShape(x!.shape, attributes) }];
    },
    onnx(emit, call) {
      const { inputs, outputs, attributes } = call;
      const { axes, keepDims } = attributes;
      if (onnxType === 'ReduceSum' && sumColumns(emit, call)) return;
      emit.node(onnxType, [inputs[0]!, emit.integers(axes)], outputs, {
        keepdims: keepDims ? 1 : 0,
      });
    },
    gradient({ inputs: [x], outputs: [y], gradients: [g], attributes }) {
      // From here on the reduced axes are present with size 1, so that everything broadcasts.
      const kept = keptShape(x!.shape, attributes.axes);
      return [gradient(reshape(g!, kept), x!, reshape(y!, kept), attributes)];
    },
    reference({ inputs: [x], outputs: [out], attributes: { axes } }) {
      const sums = new Float64Array(out!.data.length);
      f(x!, sums, axes);
      out!.data.set(sums);
    },
  });
}

/**
 * Sums over all axes but the last are a product with a row of ones, which ONNX Runtime computes about twice as fast on the
 * processor as ReduceSum. Says whether it wrote that.
 */
function sumColumns(
  emit: Emitter,
  { inputs, outputs, inputTypes, outputTypes, attributes }: LoweringCall<ReduceAttributes>,
): boolean {
  const { dtype, shape } = inputTypes[0]!;
  const rows = sizeOf(shape.slice(0, -1));
  const leading = attributes.axes.length === shape.length - 1 && !attributes.axes.includes(shape.length - 1);
  if (dtype !== 'f32' || !leading || typeof rows !== 'number' || rows < 16 || rows > 65536) return false;
  const flat = emit.value('Reshape', [inputs[0]!, emit.shape([rows, shape.at(-1)!])]);
  const product = emit.value('MatMul', [emit.filled(1, 'f32', [1, rows]), flat]);
  emit.node('Reshape', [product, emit.shape(outputTypes[0]!.shape)], outputs);
  return true;
}

export const reduceSumOp = reduction(
  'reduceSum',
  'ReduceSum',
  (x, sums, axes) => forEachReduced(x, axes, (to, from) => (sums[to]! += x.data[from]!)),
  (g, x) => expand(g, x.shape),
);
export const reduceMeanOp = reduction(
  'reduceMean',
  'ReduceMean',
  (x, sums, axes) => {
    forEachReduced(x, axes, (to, from) => (sums[to]! += x.data[from]!));
    for (let i = 0; i < sums.length; i++) sums[i]! /= x.data.length / sums.length;
  },
  (g, x, y) => expand(div(g, countOf(x.shape, y.shape, x.dtype)), x.shape),
);
export const reduceSumSquareOp = reduction(
  'reduceSumSquare',
  'ReduceSumSquare',
  (x, sums, axes) => forEachReduced(x, axes, (to, from) => (sums[to]! += x.data[from]! * x.data[from]!)),
  (g, x) => mul(mul(g, 2), x),
);
/** Ties share the gradient equally. */
export const reduceMaxOp = reduction(
  'reduceMax',
  'ReduceMax',
  (x, sums, axes) => {
    sums.fill(-Infinity);
    forEachReduced(x, axes, (to, from) => (sums[to] = Math.max(sums[to]!, x.data[from]!)));
  },
  (g, x, y, { axes }) => {
    const winners = cast(equal(x, y), x.dtype);
    return mul(winners, div(g, reduceSum(winners, axes, { keepDims: true })));
  },
);

/** How a reduction shapes its result. */
export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  readonly keepDims?: boolean;
}

function reduce(
  op: Op<ReduceAttributes>,
  x: Value,
  axes: readonly number[] | undefined,
  options: ReduceOptions,
): Value {
  const all =
    axes === undefined ? x.shape.map((_, i) => i) : axes.map((axis) => axisIndex(op.name, axis, x.shape.length));
  // ONNX reads "no axes" as "all" or as "leave x alone", and runtimes differ on what alone means for squares.
  if (all.length === 0) return op === reduceSumSquareOp ? mul(x, x) : x;
  const sorted = [...new Set(all)].sort((a, b) => a - b);
  return apply(op, [x], { axes: sorted, keepDims: options.keepDims ?? false })[0]!;
}

/** The sum over `axes` (default: all). */
export function reduceSum(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  return reduce(reduceSumOp, x, axes, options);
}
/** The mean over `axes` (default: all). */
export function reduceMean(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  return reduce(reduceMeanOp, x, axes, options);
}
/** The sum of squares over `axes` (default: all), in one pass. */
export function reduceSumSquare(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  return reduce(reduceSumSquareOp, x, axes, options);
}
/** The largest entry over `axes` (default: all). */
export function reduceMax(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  return reduce(reduceMaxOp, x, axes, options);
}

/** How many elements of `from` fall into one of `to`, as a scalar. */
function countOf(from: readonly Dim[], to: readonly Dim[], dtype: DType): Value {
  const count = divideDims(sizeOf(from), sizeOf(to));
  if (count !== undefined) return dimSize(count, dtype);
  return div(dimSize(sizeOf(from), dtype), dimSize(sizeOf(to), dtype));
}

export interface DimSizeAttributes {
  readonly dim: Dim;
  readonly dtype: DType;
}

export const dimSizeOp = defineOp<DimSizeAttributes>({
  name: 'dimSize',
  infer(_inputs, { dtype }) {
    return [{ dtype, shape: [] }];
  },
  onnx(emit, { outputs, attributes: { dim, dtype } }) {
    const squeezed = emit.value('Squeeze', [emit.size(dim)]);
    emit.node('Cast', [squeezed], outputs, { to: ONNX_TYPES[dtype] });
  },
  gradient: 'none',
  reference({ outputs: [out], attributes: { dim }, size }) {
    out!.data[0] = size(dim);
  },
});

/** A (named) size as a scalar. */
export function dimSize(dim: Dim, dtype: DType): Value {
  return typeof dim === 'number' ? constant(dim, dtype) : apply(dimSizeOp, [], { dim, dtype })[0]!;
}

export interface ArgMaxAttributes {
  readonly axis: number;
}

export const argMaxOp = defineOp<ArgMaxAttributes>({
  name: 'argMax',
  infer([x], { axis }) {
    return [{ dtype: 'i64', shape: x!.shape.toSpliced(axis, 1) }];
  },
  onnx(emit, { inputs, outputs, attributes: { axis } }) {
    emit.node('ArgMax', inputs, outputs, { axis, keepdims: 0 });
  },
  gradient: 'none',
  reference({ inputs: [x], outputs: [out], attributes: { axis } }) {
    const inner = x!.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const best = new Float64Array(out!.data.length).fill(-Infinity);
    forEachReduced(x!, [axis], (to, from) => {
      if (x!.data[from]! > best[to]!) {
        best[to] = x!.data[from]!;
        out!.data[to] = Math.floor(from / inner) % x!.shape[axis]!;
      }
    });
  },
});

/** The position of the largest entry along `axis` (the first of several), as int64 without that axis. */
export function argMax(x: Value, axis: number): Value {
  return apply(argMaxOp, [x], { axis: axisIndex('argMax', axis, x.shape.length) })[0]!;
}

export interface CumsumAttributes {
  readonly axis: number;
  readonly reverse: boolean;
}

export const cumsumOp = defineOp<CumsumAttributes>({
  name: 'cumsum',
  infer([x]) {
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs, attributes: { axis, reverse } }) {
    emit.node('CumSum', [inputs[0]!, emit.scalar(axis, 'i64')], outputs, { reverse: reverse ? 1 : 0 });
  },
  gradient({ gradients: [g], attributes: { axis, reverse } }) {
    return [cumsum(g!, axis, { reverse: !reverse })];
  },
  reference({ inputs: [x], outputs: [out], attributes: { axis, reverse } }) {
    const size = x!.shape[axis]!;
    const inner = x!.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    for (let start = 0; start < x!.data.length; start++) {
      if (Math.floor(start / inner) % size !== 0) continue;
      let sum = 0;
      for (let k = 0; k < size; k++) {
        const at = start + (reverse ? size - 1 - k : k) * inner;
        out!.data[at] = sum += x!.data[at]!;
      }
    }
  },
});

/** Running sums along `axis`, from the end when `reverse`. */
export function cumsum(x: Value, axis: number, options: { readonly reverse?: boolean } = {}): Value {
  const attributes = { axis: axisIndex('cumsum', axis, x.shape.length), reverse: options.reverse ?? false };
  return apply(cumsumOp, [x], attributes)[0]!;
}

/** Fails unless `x` has at least one axis. */
export function lastAxis(where: string, x: { readonly shape: readonly Dim[] }): number {
  if (x.shape.length === 0) {
    throw new VlaError('bad-shape', `${where}: expected at least one axis, got ${shapeText(x.shape)}.`);
  }
  return x.shape.length - 1;
}

/** `shape` with its last axis of size 1. */
export function rowShape(shape: readonly Dim[]): Dim[] {
  return withAxis(shape, shape.length - 1, 1);
}
