/** @file How many parameters a model has, part by part, and the memory its weights take in each precision. */

import { elementCount } from '../base/tensor.ts';
import type { ModelPart } from '../models/published-layout.ts';
import { flatten, type ParameterSpec, type Tree } from '../nn/parameters.ts';

/** Precisions that weights can be held in, with what they take. */
export type Precision = 'fp32' | 'bf16' | 'int8';

/** Parameters of a model and the bytes of its weights. */
export interface ModelSize {
  readonly tensors: number;
  readonly parameters: number;
  readonly parts: Readonly<Record<ModelPart, number>>;
  readonly bytes: Readonly<Record<Precision, number>>;
}

/** Values that share a scale when weights are quantised to 8 bits (as bench and sessions quantise: one per output row). */
const BYTES_OF_SCALE = 4;

/**
 * Counts from shapes alone. `int8` quantises matrices that are multiplied, with an f32 scale per output feature; tables that are
 * looked up, vectors and convolutions stay in bf16.
 */
export function modelSize(spec: Tree<ParameterSpec>, part: (name: string) => ModelPart): ModelSize {
  const parts: Record<ModelPart, number> = { vision: 0, language: 0, expert: 0 };
  const leaves = flatten<ParameterSpec>(spec);
  let [parameters, int8] = [0, 0];
  for (const [name, { shape }] of leaves) {
    const count = elementCount(shape);
    parameters += count;
    parts[part(name)] += count;
    int8 += isMultiplied(name, shape) ? count + BYTES_OF_SCALE * (count / shape.at(-1)!) : 2 * count;
  }
  return { tensors: leaves.length, parameters, parts, bytes: { fp32: 4 * parameters, bf16: 2 * parameters, int8 } };
}

/** Whether a parameter is a matrix of a linear map. */
function isMultiplied(name: string, shape: readonly number[]): boolean {
  const matrix = shape.filter((size) => size > 1).length === 2;
  return matrix && !/embed|position|table|sink/.test(name);
}
