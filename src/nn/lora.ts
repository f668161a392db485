/**
 * @file Low-rank adaptation (Hu et al. 2021): a matrix W that stays as it is gets a correction s · B A of low rank, which
 * learns instead. B starts at zero, so training starts from the unchanged model. Names are those of the peft library.
 *
 * Axes: O outputs, I inputs, r rank.
 *
 * Differs from the paper: the correction is added to the matrix rather than to its output, so that layers need not know;
 * the numbers are the same up to rounding, and a step also computes the gradient of the whole matrix.
 */

import { invariant } from '../base/errors.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import { add, matmul, type Value } from '../engine/index.ts';
import { normal, parameter, type ParameterSpec } from './parameters.ts';

/** lora_A [r, I], lora_B [O, r]. */
export type Lora<T> = { readonly lora_A: { readonly weight: T }; readonly lora_B: { readonly weight: T } };

/** Rank r of corrections, and how they are scaled. */
export interface LoraSize {
  readonly rank: number;
  /** The correction is multiplied by alpha / rank. */
  readonly alpha: number;
}

/** Initial parameters for a matrix [O, I]: A is normal noise of standard deviation 1 / r, B is zero. */
export function loraSpec([O, I]: readonly [number, number], { rank }: LoraSize): Lora<ParameterSpec> {
  return {
    lora_A: { weight: parameter([rank, I], normal(1 / rank)) },
    lora_B: { weight: parameter([O, rank], 'zeros') },
  };
}

/** W + (alpha / rank) B A, for W [O, I]. */
export function adapted(weight: Value, { lora_A, lora_B }: Lora<Value>, { rank, alpha }: LoraSize): Value {
  return add(weight, matmul(lora_B.weight, lora_A.weight, { alpha: alpha / rank }));
}

/** The same on tensors: a matrix that needs no adapter any more. Sums are in f64. */
export function mergeLora(weight: Tensor, { lora_A, lora_B }: Lora<Tensor>, { rank, alpha }: LoraSize): Tensor<'f32'> {
  const [O, I] = weight.shape as [number, number];
  const [w, a, b] = [weight, lora_A.weight, lora_B.weight].map(({ data }) => {
    invariant(data instanceof Float32Array, 'LoRA merges f32 tensors');
    return data;
  }) as [Float32Array, Float32Array, Float32Array];
  const out = new Float32Array(O * I);
  const row = new Float64Array(I);
  for (let o = 0; o < O; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = b[o * rank + r]!;
      for (let i = 0; i < I; i++) row[i]! += factor * a[r * I + i]!;
    }
    for (let i = 0; i < I; i++) out[o * I + i] = w[o * I + i]! + (alpha / rank) * row[i]!;
  }
  return f32(out, [O, I]);
}
