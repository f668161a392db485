/** @file Operators that only change the shape: reshape, transpose, expand, and axes of size 1. */

import { VlaError } from '../../base/errors.ts';
import { canonicalDim, divideDims, shapeText, sizeOf, broadcastShapes, type Dim } from '../axis-size.ts';
import { apply, type Value } from '../graph.ts';
import { axisIndex, defineOp } from '../op.ts';
import { broadcastStrides, forEachPosition, sumTo } from './broadcast.ts';

export interface ShapeAttributes {
  readonly shape: readonly Dim[];
}

export const reshapeOp = defineOp<ShapeAttributes>({
  name: 'reshape',
  infer([x], { shape }) {
    if (sizeOf(x!.shape) !== sizeOf(shape)) {
      throw new VlaError(
        'bad-shape',
        `reshape: expected as many elements as ${shapeText(x!.shape)}, got ${shapeText(shape)}.`,
      );
    }
    return [{ dtype: x!.dtype, shape }];
  },
  onnx(emit, { inputs, outputs, inputTypes, attributes }) {
    // One named size that the others determine is left to ONNX as −1: cheaper than computing it.
    const named = attributes.shape.filter((dim) => typeof dim === 'string');
    const free = named.length === 1 && attributes.shape.every((dim) => dim !== 0) && !inputTypes[0]!.shape.includes(0);
    const shape = free ? attributes.shape.map((dim) => (typeof dim === 'string' ? -1 : dim)) : attributes.shape;
    emit.node('Reshape', [inputs[0]!, emit.shape(shape)], outputs, { allowzero: attributes.shape.includes(0) ? 1 : 0 });
  },
  gradient({ inputs: [x], gradients: [g] }) {
    return [reshape(g!, x!.shape)];
  },
  reference({ inputs: [x], outputs: [out] }) {
    out!.data.set(x!.data);
  },
});

/** The same elements in another shape; one size may be −1 and follows from the others. */
export function reshape(x: Value, shape: readonly Dim[]): Value {
  const free = shape.indexOf(-1);
  let target = shape.map(canonicalDim);
  if (free >= 0) {
    const rest = sizeOf(target.toSpliced(free, 1));
    const size = divideDims(sizeOf(x.shape), rest);
    if (size === undefined) {
      throw new VlaError('bad-shape', `reshape: ${shapeText(x.shape)} does not fill ${shapeText(shape)}.`);
    }
    target = target.with(free, size);
  }
  if (target.length === x.shape.length && target.every((dim, i) => dim === x.shape[i])) return x;
  return apply(reshapeOp, [x], { shape: target })[0]!;
}

export interface TransposeAttributes {
  readonly permutation: readonly number[];
}

export const transposeOp = defineOp<TransposeAttributes>({
  name: 'transpose',
  infer([x], { permutation }) {
    const rank = x!.shape.length;
    if (
      permutation.length !== rank ||
      new Set(permutation.map((axis) => axisIndex('transpose', axis, rank))).size !== rank
    ) {
      throw new VlaError(
        'bad-shape',
        `transpose: expected a permutation of ${rank} axes, got [${permutation.join(', ')}].`,
      );
    }
    return [{ dtype: x!.dtype, shape: permutation.map((axis) => x!.shape[axis]!) }];
  },
  onnx(emit, { inputs, outputs, attributes }) {
    emit.node('Transpose', inputs, outputs, { perm: attributes.permutation });
  },
  gradient({ gradients: [g], attributes: { permutation } }) {
    return [
      transpose(
        g!,
        permutation.map((_, i) => permutation.indexOf(i)),
      ),
    ];
  },
  reference({ inputs: [x], outputs: [out], attributes: { permutation } }) {
    const strides = x!.shape.map((_, i) => x!.shape.slice(i + 1).reduce((a, b) => a * b, 1));
    forEachPosition(out!.shape, [permutation.map((axis) => strides[axis]!)], (at, [from]) => {
      out!.data[at] = x!.data[from!]!;
    });
  },
});

/** Axis i of the result is axis `permutation[i]` of `x`. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const axes = permutation.map((axis) => axisIndex('transpose', axis, x.shape.length));
  return axes.every((axis, i) => axis === i) && axes.length === x.shape.length
    ? x
    : apply(transposeOp, [x], { permutation: axes })[0]!;
}

export const expandOp = defineOp<ShapeAttributes>({
  name: 'expand',
  infer([x], { shape }) {
    const result = broadcastShapes('expand', x!.shape, shape);
    if (result.length !== shape.length || result.some((dim, i) => dim !== shape[i])) {
      throw new VlaError('bad-shape', `expand: ${shapeText(x!.shape)} does not broadcast to ${shapeText(shape)}.`);
    }
    return [{ dtype: x!.dtype, shape }];
  },
  onnx(emit, { inputs, outputs, attributes }) {
    emit.node('Expand', [inputs[0]!, emit.shape(attributes.shape)], outputs);
  },
  gradient({ inputs: [x], gradients: [g] }) {
    return [sumTo(g!, x!.shape)];
  },
  reference({ inputs: [x], outputs: [out] }) {
    forEachPosition(out!.shape, [broadcastStrides(x!.shape, out!.shape)], (at, [from]) => {
      out!.data[at] = x!.data[from!]!;
    });
  },
});

/** `x` repeated along its axes of size 1 (and new leading axes) to fill `shape`. */
export function expand(x: Value, shape: readonly Dim[]): Value {
  const target = shape.map(canonicalDim);
  return target.length === x.shape.length && target.every((dim, i) => dim === x.shape[i])
    ? x
    : apply(expandOp, [x], { shape: target })[0]!;
}

/** `x` without axis `axis`, which has size 1. */
export function squeeze(x: Value, axis: number): Value {
  const at = axisIndex('squeeze', axis, x.shape.length);
  if (x.shape[at] !== 1) {
    throw new VlaError('bad-shape', `squeeze: expected axis ${axis} of size 1, got ${shapeText(x.shape)}.`);
  }
  return reshape(x, x.shape.toSpliced(at, 1));
}

/** `x` with a new axis of size 1 at position `axis` of the result. */
export function unsqueeze(x: Value, axis: number): Value {
  return reshape(x, x.shape.toSpliced(axisIndex('unsqueeze', axis, x.shape.length + 1), 0, 1));
}
