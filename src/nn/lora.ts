/**
 * @file Low-rank adaptation (Hu et al. 2021): a matrix W that stays as it is gets a correction s · B A of low rank, which
 * learns instead. B starts at zero, so training starts from the unchanged model. Names are those of the peft library.
 *
 * Axes: O outputs, I inputs, r rank.
 *
 * Differs from the paper: a layer gets the sum of matrix and correction and need not know. Affine maps (`linear`) ask what the sum is
 * made of and add the correction to their output, so that no gradient of the whole matrix is computed; whoever cuts or joins the matrix
 * uses the sum. The numbers are the same up to rounding.
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

/** A matrix and its correction. */
export interface Adaptation {
  readonly weight: Value;
  readonly lora: Lora<Value>;
  /** alpha / rank. */
  readonly scale: number;
}

const adaptations = new WeakMap<Value, Adaptation>();

/** W + (alpha / rank) B A, for W [O, I]. */
export function adapted(weight: Value, lora: Lora<Value>, { rank, alpha }: LoraSize): Value {
  const scale = alpha / rank;
  const sum = add(weight, matmul(lora.lora_B.weight, lora.lora_A.weight, { alpha: scale }));
  adaptations.set(sum, { weight, lora, scale });
  return sum;
}

/** What a matrix from `adapted` is made of; undefined for others. */
export const adaptationOf = (weight: Value): Adaptation | undefined => adaptations.get(weight);

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
