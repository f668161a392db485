/** @file Arrays whose elements do not lie in row-major order, as copies that do. */

import { VlaError } from '../errors.ts';
import { elementCount } from '../tensor.ts';
import { PickleTuple, kindOf, type Budget, type PickleValue } from './values.ts';

/** How elements lie in bytes: sizes, and steps and start in elements. */
export interface StridedLayout {
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
}

const MOST_DIMENSIONS = 8;

/** A shape, or strides, out of a tuple of non-negative ints. */
export function sizesOf(what: string, value: PickleValue | undefined): number[] {
  const sizes = value instanceof PickleTuple ? value.items : [];
  const fits = (size: PickleValue): size is number =>
    typeof size === 'number' && Number.isSafeInteger(size) && size >= 0;
  if (!(value instanceof PickleTuple) || sizes.length > MOST_DIMENSIONS || !sizes.every(fits)) {
    const got = value instanceof PickleTuple ? sizes.map((size) => kindOf(size)).join(', ') : kindOf(value);
    throw new VlaError('bad-data', `pickle: expected ${what} of at most ${MOST_DIMENSIONS} sizes, got ${got}.`);
  }
  return sizes as number[];
}

/** Steps of an array that is laid out row by row. */
export function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => elementCount(shape.slice(i + 1)));
}

/** Steps of an array that is laid out column by column. */
export function columnMajor(shape: readonly number[]): number[] {
  return shape.map((_, i) => elementCount(shape.slice(0, i)));
}

/** The elements (of `size` bytes) in row-major order: a view where they lie so already, else a copy, which the budget pays for. */
export function gather(bytes: Uint8Array, size: number, layout: StridedLayout, budget: Budget): Uint8Array {
  const { shape, strides, offset } = layout;
  const count = elementCount(shape);
  const last = count === 0 ? -1 : shape.reduce((sum, extent, i) => sum + (extent - 1) * strides[i]!, offset);
  if (!((last + 1) * size <= bytes.length)) {
    throw new VlaError('bad-data', `pickle: expected ${(last + 1) * size} bytes behind an array, got ${bytes.length}.`);
  }
  const rows = rowMajor(shape);
  if (count === 0 || shape.every((extent, i) => extent === 1 || strides[i] === rows[i])) {
    return bytes.subarray(offset * size, (offset + count) * size);
  }
  budget.take(count * size);
  const copy = new Uint8Array(count * size);
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < count; to++) {
    for (let byte = 0; byte < size; byte++) copy[to * size + byte] = bytes[from * size + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return copy;
}
