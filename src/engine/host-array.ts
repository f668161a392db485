/**
 * @file Arrays that the reference interpreter computes on: every element type as plain numbers (int64 too, exact to 2⁵³),
 * floats in float64 when asked.
 */

import { fromBfloat16, fromHalf, toBfloat16, toHalf } from '../base/half.ts';
import { allocate, elementCount, type Data, type DataOf, type DType, type Tensor } from '../base/tensor.ts';

/** Typed arrays whose elements are plain numbers. */
export type Numbers = Float64Array | Float32Array | Int32Array | Int8Array | Uint8Array;

/** A tensor as references compute with it: plain numbers whatever the element type. */
export interface HostArray {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Numbers;
}

/** How floats are kept: `f32` as each element type says, `f64` in double precision whatever the element type. */
export type Precision = 'f32' | 'f64';

/** Whether the element type has fractions. */
export function isFloat(dtype: DType): boolean {
  return dtype === 'f32' || dtype === 'f64' || dtype === 'f16' || dtype === 'bf16';
}

/** A zero array. */
export function hostArray(dtype: DType, shape: readonly number[], precision: Precision): HostArray {
  return { dtype, shape, data: allocateNumbers(dtype, elementCount(shape), precision) };
}

function allocateNumbers(dtype: DType, count: number, precision: Precision): Numbers {
  if (dtype === 'i32') return new Int32Array(count);
  if (dtype === 'i8') return new Int8Array(count);
  if (dtype === 'u8' || dtype === 'bool') return new Uint8Array(count);
  if (dtype === 'i64' || dtype === 'f64' || precision === 'f64') return new Float64Array(count);
  return new Float32Array(count);
}

/** Rounds 16-bit floats to their format, in place; other types are left alone. */
export function roundToType(array: HostArray, precision: Precision): void {
  if (precision === 'f64' || (array.dtype !== 'f16' && array.dtype !== 'bf16')) return;
  const [to, from] = array.dtype === 'f16' ? [toHalf, fromHalf] : [toBfloat16, fromBfloat16];
  for (let i = 0; i < array.data.length; i++) array.data[i] = from(to(array.data[i]!));
}

/** A tensor's elements as numbers. */
export function fromTensor(tensor: Tensor, precision: Precision): HostArray {
  const array = hostArray(tensor.dtype, tensor.shape, precision);
  const decode = tensor.dtype === 'f16' ? fromHalf : tensor.dtype === 'bf16' ? fromBfloat16 : Number;
  for (let i = 0; i < array.data.length; i++) array.data[i] = decode(tensor.data[i] as number);
  return array;
}

/** The tensor of an array, in its element type. */
export function toTensor(array: HostArray): Tensor {
  return { dtype: array.dtype, shape: array.shape, data: hostNumbers(array.dtype, array.data) };
}

/** Numbers as the typed array of an element type. */
export function hostNumbers<D extends DType>(dtype: D, values: ArrayLike<number>): DataOf[D] {
  const data: Data = allocate(dtype, values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    data[i] =
      dtype === 'i64' ? BigInt(value) : dtype === 'f16' ? toHalf(value) : dtype === 'bf16' ? toBfloat16(value) : value;
  }
  return data as DataOf[D];
}
