/** @file Host tensors: an element type, a shape and a typed array in row-major order. */

import { VlaError } from './errors.ts';

/** Element types. `bf16` and `f16` are stored as raw 16-bit words; `bool` as one byte per element. */
export type DType = 'f64' | 'f32' | 'f16' | 'bf16' | 'i64' | 'i32' | 'i8' | 'u8' | 'bool';

/** The typed array that holds each element type. */
export interface DataOf {
  f64: Float64Array;
  f32: Float32Array;
  f16: Uint16Array;
  bf16: Uint16Array;
  i64: BigInt64Array;
  i32: Int32Array;
  i8: Int8Array;
  u8: Uint8Array;
  bool: Uint8Array;
}

/** Any of the typed arrays that hold elements. */
export type Data = DataOf[DType];

/** A tensor in host memory. `data.length` equals the product of `shape`; a scalar has shape []. */
export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
  readonly data: DataOf[D];
}

const ARRAYS = {
  f64: Float64Array,
  f32: Float32Array,
  f16: Uint16Array,
  bf16: Uint16Array,
  i64: BigInt64Array,
  i32: Int32Array,
  i8: Int8Array,
  u8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Bytes per element. */
export const BYTES: Readonly<Record<DType, number>> = {
  f64: 8,
  f32: 4,
  f16: 2,
  bf16: 2,
  i64: 8,
  i32: 4,
  i8: 1,
  u8: 1,
  bool: 1,
};

/** The number of elements of a shape: the product of its sizes, 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A zero-filled typed array for `count` elements of `dtype`. */
export function allocate<D extends DType>(dtype: D, count: number): DataOf[D] {
  return new ARRAYS[dtype](count) as DataOf[D];
}

/** A view of bytes as elements of `dtype`; copies only when the bytes are not aligned. */
export function viewBytes<D extends DType>(dtype: D, bytes: Uint8Array): DataOf[D] {
  const size = BYTES[dtype];
  const aligned = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  return new ARRAYS[dtype](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    Math.floor(aligned.byteLength / size),
  ) as DataOf[D];
}

/** Wraps `data` as a tensor; throws `bad-shape` when the length does not fit the shape. */
export function tensor<D extends DType>(dtype: D, shape: readonly number[], data: DataOf[D]): Tensor<D> {
  if (data.length !== elementCount(shape)) {
    throw new VlaError(
      'bad-shape',
      `tensor: expected ${elementCount(shape)} elements for shape [${shape.join(', ')}], got ${data.length}.`,
    );
  }
  return { dtype, shape: [...shape], data };
}

/** A zero tensor. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return { dtype, shape: [...shape], data: allocate(dtype, elementCount(shape)) };
}

/** A float32 tensor from numbers. */
export function f32(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor<'f32'> {
  return tensor('f32', shape, values instanceof Float32Array ? values : Float32Array.from(values));
}

/** An int64 tensor from (safe) integers. */
export function i64(values: ArrayLike<number>, shape: readonly number[] = [values.length]): Tensor<'i64'> {
  return tensor(
    'i64',
    shape,
    BigInt64Array.from(values as number[], (v) => BigInt(v)),
  );
}
