/** @file Broadcasting by numpy's rule: numbers as operands, summing a gradient back to a shape, and reference loops. */

import type { Dim } from '../axis-size.ts';
import { constant, type Value } from '../graph.ts';
import type { HostArray, Numbers } from '../host-array.ts';
import { reduceSum } from './reduce.ts';
import { reshape } from './shape.ts';

/** A symbolic tensor, or a number that becomes a constant of the other operand's element type. */
export type Operand = Value | number;

/** Both operands as values. At least one must be a value. */
export function operands(a: Operand, b: Operand): [Value, Value] {
  if (typeof a === 'number') {
    const right = b as Value;
    return [constant(a, right.dtype), right];
  }
  return [a, typeof b === 'number' ? constant(b, a.dtype) : b];
}

/** Sums `x` over the axes that broadcasting `shape` to `x.shape` repeated. */
export function sumTo(x: Value, shape: readonly Dim[]): Value {
  const extra = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dim, i) => (i < extra || shape[i - extra] !== dim ? [i] : []));
  if (axes.length === 0) return x;
  const leading = axes.every((axis, i) => axis === i && axis < extra) && axes.length === extra;
  const summed = reduceSum(x, axes, { keepDims: !leading });
  return leading ? summed : reshape(summed, shape);
}

/** Row-major strides; 0 where an axis of size 1 is repeated to fill `outShape`. */
export function broadcastStrides(shape: readonly number[], outShape: readonly number[]): number[] {
  const strides = outShape.map(() => 0);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1) strides[i + outShape.length - shape.length] = stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Calls `visit(out position, input positions)` for every element of `shape`, in row-major order. */
export function forEachPosition(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (at: number, positions: readonly number[]) => void,
): void {
  const count = shape.reduce((product, size) => product * size, 1);
  const index = shape.map(() => 0);
  const positions = strides.map(() => 0);
  for (let at = 0; at < count; at++) {
    visit(at, positions);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      for (let k = 0; k < strides.length; k++) positions[k]! += strides[k]![axis]!;
      if (index[axis]! < shape[axis]!) break;
      for (let k = 0; k < strides.length; k++) positions[k]! -= strides[k]![axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
}

/** Fills `out` with f of the broadcast inputs. */
export function mapBroadcast(inputs: readonly HostArray[], out: HostArray, f: (...values: number[]) => number): void {
  const data: readonly Numbers[] = inputs.map((x) => x.data);
  const strides = inputs.map((x) => broadcastStrides(x.shape, out.shape));
  forEachPosition(out.shape, strides, (at, positions) => {
    out.data[at] = f(...data.map((values, k) => values[positions[k]!]!));
  });
}
