/** @file ONNX's numbers for element types (TensorProto.DataType). */

import type { DType } from '../../base/tensor.ts';

/** `TensorProto.DataType` of ONNX for each element type. */
export const ONNX_TYPES: Readonly<Record<DType, number>> = {
  f32: 1,
  u8: 2,
  i8: 3,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
};
