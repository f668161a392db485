/** @file Cutting along an axis and joining again: slice, split, concat, pad. */

import { VlaError } from '../../base/errors.ts';
import { addDims, shapeText, subtractDims, type Dim } from '../axis-size.ts';
import { apply, constant, type Value } from '../graph.ts';
import type { HostArray } from '../host-array.ts';
import { axisIndex, defineOp, sameDtype, withAxis } from '../op.ts';
import { expand } from './shape.ts';

/** Copies `count` entries along `axis` from one array to another, at the given positions. */
function copyAlong(
  from: HostArray,
  fromStart: number,
  to: HostArray,
  toStart: number,
  axis: number,
  count: number,
): void {
  const inner = to.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = to.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  for (let o = 0; o < outer; o++) {
    const source = (o * from.shape[axis]! + fromStart) * inner;
    to.data.set(from.data.subarray(source, source + count * inner), (o * to.shape[axis]! + toStart) * inner);
  }
}

export interface SliceAttributes {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
}

export const sliceOp = defineOp<SliceAttributes>({
  name: 'slice',
  infer([x], { axis, start, end }) {
    const size = x!.shape[axis]!;
    const numbers = [start, end, size].filter((dim) => typeof dim === 'number');
    if (numbers.length === 3 && !(0 <= numbers[0]! && numbers[0]! <= numbers[1]! && numbers[1]! <= numbers[2]!)) {
      throw new VlaError(
        'bad-shape',
        `slice: [${start}, ${end}) does not lie within axis ${axis} of ${shapeText(x!.shape)}.`,
      );
    }
    return [{ dtype: x!.dtype, shape: withAxis(x!.shape, axis, subtractDims(end, start)) }];
  },
  onnx(emit, { inputs, outputs, attributes: { axis, start, end } }) {
    emit.node('Slice', [inputs[0]!, emit.size(start), emit.size(end), emit.integers([axis])], outputs);
  },
  gradient({ inputs: [x], gradients: [g], attributes: { axis, start, end } }) {
    return [pad(g!, axis, start, subtractDims(x!.shape[axis]!, end))];
  },
  reference({ inputs: [x], outputs: [out], attributes: { axis, start }, size }) {
    copyAlong(x!, size(start), out!, 0, axis, out!.shape[axis]!);
  },
});

/** Entries [start, end) along `axis`. Negative numbers count from the end. */
export function slice(x: Value, axis: number, start: Dim, end: Dim): Value {
  const at = axisIndex('slice', axis, x.shape.length);
  const size = x.shape[at]!;
  const from = typeof start === 'number' && start < 0 ? addDims(size, start) : start;
  const to = typeof end === 'number' && end < 0 ? addDims(size, end) : end;
  return from === 0 && to === size ? x : apply(sliceOp, [x], { axis: at, start: from, end: to })[0]!;
}

export interface SplitAttributes {
  readonly axis: number;
  readonly sizes: readonly Dim[];
}

export const splitOp = defineOp<SplitAttributes>({
  name: 'split',
  infer([x], { axis, sizes }) {
    if (sizes.reduce(addDims, 0) !== x!.shape[axis]) {
      throw new VlaError(
        'bad-shape',
        `split: sizes ${shapeText(sizes)} do not add up to axis ${axis} of ${shapeText(x!.shape)}.`,
      );
    }
    return sizes.map((size) => ({ dtype: x!.dtype, shape: withAxis(x!.shape, axis, size) }));
  },
  onnx(emit, { inputs, outputs, attributes: { axis, sizes } }) {
    emit.node('Split', [inputs[0]!, emit.shape(sizes)], outputs, { axis });
  },
  gradient({ inputs: [x], outputs, gradients, attributes: { axis } }) {
    const parts = gradients.map((g, i) => g ?? expand(constant(0, x!.dtype), outputs[i]!.shape));
    return [concat(parts, axis)];
  },
  reference({ inputs: [x], outputs, attributes: { axis } }) {
    let start = 0;
    for (const out of outputs) {
      copyAlong(x!, start, out, 0, axis, out.shape[axis]!);
      start += out.shape[axis]!;
    }
  },
});

/** `x` cut along `axis` into pieces of the given sizes. */
export function split(x: Value, axis: number, sizes: readonly Dim[]): Value[] {
  if (sizes.length === 1) return [x];
  return [...apply(splitOp, [x], { axis: axisIndex('split', axis, x.shape.length), sizes })];
}

export interface AxisAttributes {
  readonly axis: number;
}

export const concatOp = defineOp<AxisAttributes>({
  name: 'concat',
  infer(inputs, { axis }) {
    sameDtype('concat', inputs);
    const first = inputs[0]!;
    for (const x of inputs) {
      if (x.shape.length !== first.shape.length || x.shape.some((dim, i) => i !== axis && dim !== first.shape[i])) {
        const shapes = inputs.map((t) => shapeText(t.shape)).join(', ');
        throw new VlaError('bad-shape', `concat: expected shapes that differ only in axis ${axis}, got ${shapes}.`);
      }
    }
    const size = inputs.map((x) => x.shape[axis]!).reduce(addDims, 0);
    return [{ dtype: first.dtype, shape: withAxis(first.shape, axis, size) }];
  },
  onnx(emit, { inputs, outputs, attributes: { axis } }) {
    emit.node('Concat', inputs, outputs, { axis });
  },
  gradient({ inputs, gradients: [g], attributes: { axis } }) {
    return split(
      g!,
      axis,
      inputs.map((x) => x.shape[axis]!),
    );
  },
  reference({ inputs, outputs: [out], attributes: { axis } }) {
    let start = 0;
    for (const x of inputs) {
      copyAlong(x, 0, out!, start, axis, x.shape[axis]!);
      start += x.shape[axis]!;
    }
  },
});

/** Tensors joined along `axis`. */
export function concat(xs: readonly Value[], axis: number): Value {
  if (xs.length === 0) throw new VlaError('bad-argument', 'concat: expected at least one tensor, got none.');
  if (xs.length === 1) return xs[0]!;
  return apply(concatOp, xs, { axis: axisIndex('concat', axis, xs[0]!.shape.length) })[0]!;
}

export interface PadAttributes {
  readonly axis: number;
  readonly before: Dim;
  readonly after: Dim;
}

export const padOp = defineOp<PadAttributes>({
  name: 'pad',
  infer([x], { axis, before, after }) {
    return [{ dtype: x!.dtype, shape: withAxis(x!.shape, axis, addDims(addDims(x!.shape[axis]!, before), after)) }];
  },
  onnx(emit, { inputs, outputs, inputTypes, attributes: { axis, before, after } }) {
    // All axes are said: ONNX Runtime 1.30 moves transposes past a Pad as if it had no list of axes.
    const rank = inputTypes[0]!.shape.length;
    const pads = Array<Dim>(2 * rank).fill(0);
    pads[axis] = before;
    pads[rank + axis] = after;
    emit.node('Pad', [inputs[0]!, emit.shape(pads), emit.scalar(0, inputTypes[0]!.dtype)], outputs);
  },
  gradient({ inputs: [x], gradients: [g], attributes: { axis, before } }) {
    return [slice(g!, axis, before, addDims(before, x!.shape[axis]!))];
  },
  reference({ inputs: [x], outputs: [out], attributes: { axis, before }, size }) {
    copyAlong(x!, 0, out!, size(before), axis, x!.shape[axis]!);
  },
});

/** `x` with `before` and `after` zeros added along `axis`. */
export function pad(x: Value, axis: number, before: Dim, after: Dim): Value {
  if (before === 0 && after === 0) return x;
  return apply(padOp, [x], { axis: axisIndex('pad', axis, x.shape.length), before, after })[0]!;
}
