/** @file The affine layer, with PyTorch's names and layout. */

import { add, linear as affine, mul, type Value } from '../engine/index.ts';
import { adaptationOf } from './lora.ts';
import { normal, parameter, type ParameterSpec } from './parameters.ts';

/** weight [out, in], bias [out]. */
export type Linear<T> = { readonly weight: T; readonly bias?: T };

/** Whether there is a bias, and how large the weights start. */
export interface LinearOptions {
  readonly bias: boolean;
  /** Standard deviation of the initial weights is gain / √in; 1 keeps the variance. */
  readonly gain?: number;
}

/** An affine map from `input` to `output` features; the bias starts at zero. */
export function linearSpec(input: number, output: number, { bias, gain = 1 }: LinearOptions): Linear<ParameterSpec> {
  const weight = parameter([output, input], normal(gain / Math.sqrt(input)));
  return bias ? { weight, bias: parameter([output], 'zeros') } : { weight };
}

/** x [..., in] → [..., out]. */
export function linear({ weight, bias }: Linear<Value>, x: Value): Value {
  const adaptation = adaptationOf(weight);
  if (adaptation === undefined) return affine(x, weight, bias);
  const { lora_A, lora_B } = adaptation.lora;
  const correction = affine(mul(affine(x, lora_A.weight), adaptation.scale), lora_B.weight);
  return add(affine(x, adaptation.weight, bias), correction);
}
