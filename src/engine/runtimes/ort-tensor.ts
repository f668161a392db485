/** @file Host tensors as ONNX Runtime's tensors and back, without copies. */

import type * as ort from 'onnxruntime-node';
import { invariant } from '../../base/errors.ts';
import type { Data, DType, Tensor } from '../../base/tensor.ts';

/** What the library's builds for Node and for browsers have in common; loaded lazily. */
export type Ort = Pick<typeof ort, 'InferenceSession' | 'Tensor' | 'env'>;

const TO_ORT: Readonly<Partial<Record<DType, ort.Tensor.Type>>> = {
  f64: 'float64',
  f32: 'float32',
  f16: 'float16',
  i64: 'int64',
  i32: 'int32',
  i8: 'int8',
  u8: 'uint8',
  bool: 'bool',
};
const FROM_ORT = Object.fromEntries(Object.entries(TO_ORT).map(([ours, theirs]) => [theirs, ours])) as Record<
  string,
  DType
>;

/** ONNX Runtime's view of a tensor. */
export function wrap(library: Ort, content: Tensor): ort.Tensor {
  const type = TO_ORT[content.dtype];
  invariant(type !== undefined, `${content.dtype} is refused when a graph is compiled`);
  return new library.Tensor(type, content.data as never, content.shape);
}

/** Our view of a result in host memory; 16-bit floats as raw words. */
export function unwrap(result: ort.Tensor): Tensor {
  let data = result.data as unknown as Data;
  if (result.type === 'float16') data = new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  return { dtype: FROM_ORT[result.type]!, shape: result.dims, data } as Tensor;
}
