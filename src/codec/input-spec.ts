/** @file What the tensors of a batch are called, and their element types and shapes. */

import type { DType } from '../base/tensor.ts';

/** Element type and shape of one model input. */
export interface InputSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
}

/** The start of the name of a camera's pixel tensor: `pixels.front`. */
export const PIXELS = 'pixels.';
