/** @file Reading and adding at positions: gather, gatherElements, scatterAdd, oneHot. */

import { VlaError } from '../../base/errors.ts';
import type { DType } from '../../base/tensor.ts';
import { shapeText, sizeOf, type Dim } from '../axis-size.ts';
import { apply, constant, type Value } from '../graph.ts';
import type { HostArray } from '../host-array.ts';
import { axisIndex, defineOp, sameDtype } from '../op.ts';
import { ONNX_TYPES } from '../onnx/types.ts';
import { broadcastStrides, forEachPosition } from './broadcast.ts';
import { expand, reshape } from './shape.ts';
import type { AxisAttributes } from './slice.ts';

function wholeIndices(where: string, dtype: DType): void {
  if (dtype !== 'i64' && dtype !== 'i32') {
    throw new VlaError('bad-shape', `${where}: expected int64 or int32 indices, got ${dtype}.`);
  }
}

export const gatherOp = defineOp<AxisAttributes>({
  name: 'gather',
  infer([x, indices], { axis }) {
    wholeIndices('gather', indices!.dtype);
    return [{ dtype: x!.dtype, shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)] }];
  },
  onnx(emit, { inputs, outputs, attributes: { axis } }) {
    emit.node('Gather', inputs, outputs, { axis });
  },
  gradient({ inputs: [x, indices], gradients: [g], attributes: { axis } }) {
    // Flatten the indices to one axis, repeat them over the others, and add entry by entry.
    const count = sizeOf(indices!.shape);
    const lead = x!.shape.slice(0, axis);
    const tail = x!.shape.slice(axis + 1);
    const shape: Dim[] = [...lead, count, ...tail];
    const spread = reshape(indices!, [...lead.map(() => 1), count, ...tail.map(() => 1)]);
    const zero = expand(constant(0, x!.dtype), x!.shape);
    return [scatterAdd(zero, expand(spread, shape), reshape(g!, shape), axis), null];
  },
  reference({ inputs: [x, indices], outputs: [out], attributes: { axis } }) {
    const inner = x!.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const size = x!.shape[axis]!;
    const count = indices!.data.length;
    for (let at = 0; at < out!.data.length; at++) {
      const column = at % inner;
      const k = Math.floor(at / inner) % count;
      const row = Math.floor(at / inner / count);
      const index = indices!.data[k]!;
      out!.data[at] = x!.data[(row * size + (index < 0 ? index + size : index)) * inner + column]!;
    }
  },
});

/** Entries of `x` along `axis` at whole-number `indices` of any shape, which takes the place of that axis. */
export function gather(x: Value, indices: Value, axis: number): Value {
  return apply(gatherOp, [x, indices], { axis: axisIndex('gather', axis, x.shape.length) })[0]!;
}

/** Calls `visit(position in x, position in indices)`; `indices` agrees with x in all axes but one, where it is free. */
function forEachElement(
  x: HostArray,
  indices: HostArray,
  axis: number,
  visit: (to: number, from: number) => void,
): void {
  const strides = broadcastStrides(
    x.shape,
    x.shape.map((size) => size + 1),
  ).map((s, i) => (i === axis ? 0 : s));
  const step = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  forEachPosition(indices.shape, [strides], (from, [base]) => {
    const index = indices.data[from]!;
    visit(base! + (index < 0 ? index + x.shape[axis]! : index) * step, from);
  });
}

function checkElementwise(where: string, x: readonly Dim[], indices: readonly Dim[], axis: number): void {
  if (x.length !== indices.length || x.some((dim, i) => i !== axis && dim !== indices[i])) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected indices that differ from ${shapeText(x)} only in axis ${axis}, got ${shapeText(indices)}.`,
    );
  }
}

export const gatherElementsOp = defineOp<AxisAttributes>({
  name: 'gatherElements',
  infer([x, indices], { axis }) {
    wholeIndices('gatherElements', indices!.dtype);
    checkElementwise('gatherElements', x!.shape, indices!.shape, axis);
    return [{ dtype: x!.dtype, shape: indices!.shape }];
  },
  onnx(emit, { inputs, outputs, attributes: { axis } }) {
    emit.node('GatherElements', inputs, outputs, { axis });
  },
  gradient({ inputs: [x, indices], gradients: [g], attributes: { axis } }) {
    return [scatterAdd(expand(constant(0, x!.dtype), x!.shape), indices!, g!, axis), null];
  },
  reference({ inputs: [x, indices], outputs: [out], attributes: { axis } }) {
    forEachElement(x!, indices!, axis, (to, from) => (out!.data[from] = x!.data[to]!));
  },
});

/** out[..., k, ...] = x[..., indices[..., k, ...], ...] along `axis`. */
export function gatherElements(x: Value, indices: Value, axis: number): Value {
  return apply(gatherElementsOp, [x, indices], { axis: axisIndex('gatherElements', axis, x.shape.length) })[0]!;
}

export const scatterAddOp = defineOp<AxisAttributes>({
  name: 'scatterAdd',
  infer([x, indices, updates], { axis }) {
    wholeIndices('scatterAdd', indices!.dtype);
    sameDtype('scatterAdd', [x!, updates!]);
    checkElementwise('scatterAdd', x!.shape, indices!.shape, axis);
    if (updates!.shape.join() !== indices!.shape.join()) {
      throw new VlaError(
        'bad-shape',
        `scatterAdd: expected updates ${shapeText(indices!.shape)}, got ${shapeText(updates!.shape)}.`,
      );
    }
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  onnx(emit, { inputs, outputs, outputTypes: [out], attributes: { axis } }) {
    const attributes = { axis, reduction: 'add' };
    const { dtype } = out!;
    if (dtype !== 'f16' && dtype !== 'bf16') return emit.node('ScatterElements', inputs, outputs, attributes);
    // ONNX Runtime does not add 16-bit floats here; sums in float32 are closer anyway.
    const [x, indices, updates] = inputs;
    const wide = (name: string): string => emit.value('Cast', [name], { to: ONNX_TYPES.f32 });
    const sums = emit.value('ScatterElements', [wide(x!), indices!, wide(updates!)], attributes);
    emit.node('Cast', [sums], outputs, { to: ONNX_TYPES[dtype] });
  },
  gradient({ inputs: [, indices], gradients: [g], attributes: { axis } }) {
    return [g!, null, gatherElements(g!, indices!, axis)];
  },
  reference({ inputs: [x, indices, updates], outputs: [out], attributes: { axis } }) {
    out!.data.set(x!.data);
    forEachElement(out!, indices!, axis, (to, from) => (out!.data[to]! += updates!.data[from]!));
  },
});

/** `x` with `updates` added at `indices` along `axis`; equal positions add up. */
export function scatterAdd(x: Value, indices: Value, updates: Value, axis: number): Value {
  return apply(scatterAddOp, [x, indices, updates], { axis: axisIndex('scatterAdd', axis, x.shape.length) })[0]!;
}

export interface OneHotAttributes {
  readonly classes: number;
  readonly dtype: DType;
}

export const oneHotOp = defineOp<OneHotAttributes>({
  name: 'oneHot',
  infer([indices], { classes, dtype }) {
    wholeIndices('oneHot', indices!.dtype);
    return [{ dtype, shape: [...indices!.shape, classes] }];
  },
  onnx(emit, { inputs: [indices], outputs, attributes: { classes, dtype } }) {
    const wide = emit.value('Unsqueeze', [indices!, emit.integers([-1])]);
    const same = emit.value('Equal', [
      emit.value('Cast', [wide], { to: 7 }),
      emit.integers(Array.from({ length: classes }, (_, i) => i)),
    ]);
    emit.node('Where', [same, emit.scalar(1, dtype), emit.scalar(0, dtype)], outputs);
  },
  gradient: 'none',
  reference({ inputs: [indices], outputs: [out], attributes: { classes } }) {
    for (const [i, index] of indices!.data.entries())
      if (index >= 0 && index < classes) out!.data[i * classes + index] = 1;
  },
});

/** 1 at the index and 0 elsewhere along a new last axis; an index outside [0, classes) gives zeros. */
export function oneHot(indices: Value, classes: number, dtype: DType = 'f32'): Value {
  return apply(oneHotOp, [indices], { classes, dtype })[0]!;
}
