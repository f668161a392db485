/** @file Layer normalisation (Ba et al. 2016) and root-mean-square normalisation (Zhang and Sennrich 2019). */

import { add, constant, expand, layerNorm as normalise, rmsNorm as normaliseRms, type Value } from '../engine/index.ts';
import { parameter, type ParameterSpec } from './parameters.ts';

/** weight and bias [D]. */
export type LayerNorm<T> = { readonly weight: T; readonly bias: T };

/** weight [D]. */
export type RmsNorm<T> = { readonly weight: T };

/** Scale 1, shift 0. */
export function layerNormSpec(width: number): LayerNorm<ParameterSpec> {
  return { weight: parameter([width], 'ones'), bias: parameter([width], 'zeros') };
}

/** Scale 1. */
export function rmsNormSpec(width: number): RmsNorm<ParameterSpec> {
  return { weight: parameter([width], 'ones') };
}

/** x [..., D] with mean 0 and variance 1 over D, scaled and shifted. */
export function layerNorm(p: LayerNorm<Value>, x: Value, epsilon: number): Value {
  return normalise(x, p.weight, p.bias, epsilon);
}

/** Layer normalisation without parameters. */
export function plainLayerNorm(x: Value, epsilon: number): Value {
  return normalise(x, null, null, epsilon);
}

/** x [..., D] divided by the root of its mean square over D, scaled. */
export function rmsNorm(p: RmsNorm<Value>, x: Value, epsilon: number): Value {
  return normaliseRms(x, p.weight, epsilon);
}

/** Scale 1, written as its difference from 1: zeros. */
export function zeroCentredRmsNormSpec(width: number): RmsNorm<ParameterSpec> {
  return { weight: parameter([width], 'zeros') };
}

/** x [..., D] divided by the root of its mean square over D, times 1 + weight. */
export function zeroCentredRmsNorm(p: RmsNorm<Value>, x: Value, epsilon: number): Value {
  return normaliseRms(x, add(p.weight, constant(1)), epsilon);
}

/** `length` · x / √(Σ x² + epsilon) over the last axis, of `width` features. */
export function scaleToLength(x: Value, width: number, length: number, epsilon: number): Value {
  return normaliseRms(x, expand(constant(length / Math.sqrt(width)), [width]), epsilon / width);
}
