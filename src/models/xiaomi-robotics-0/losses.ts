/**
 * @file The square error of Xiaomi-Robotics-0's velocity, for draws with a given prefix weighed by the error of a sample without
 * gradient (papers/xiaomi-robotics-0, section 2.3).
 *
 * Axes: N draws, H horizon, A action dimensions.
 */

import {
  abs,
  add,
  clamp,
  constant,
  dims,
  div,
  maximum,
  mul,
  reduceSum,
  reshape,
  stopGradient,
  sub,
  type Value,
} from '../../engine/index.ts';

/** Weights of single numbers are held between these. */
const WEIGHTS = { least: 0.5, most: 5 } as const;

/**
 * Weights [N, H, A] by the error of a sample: |sample − actions| over its mean where `counts` is 1, held to 0.5 … 5; 1 for draws
 * without a prefix. `counts` f32 [N, H, A] is 0 for given and masked actions, `prefixLength` f32 [N].
 */
export function errorWeights(sample: Value, actions: Value, counts: Value, prefixLength: Value): Value {
  const { N } = dims(prefixLength, 'N');
  const error = abs(sub(sample, actions));
  const prefixed = reshape(clamp(prefixLength, 0, 1), [N, 1, 1]);
  const among = mul(counts, prefixed);
  const mean = div(reduceSum(mul(error, among)), maximum(reduceSum(among), constant(1)));
  // What does not count keeps its error as it is: only the frequencies' term looks at it.
  const scale = add(mul(counts, sub(maximum(mean, constant(1e-6)), constant(1))), constant(1));
  const weights = clamp(div(error, scale), WEIGHTS.least, WEIGHTS.most);
  return stopGradient(add(mul(prefixed, sub(weights, constant(1))), constant(1)));
}

/** ½ Σ counts · weights · difference² / Σ counts; null weights are 1. All [N, H, A]. */
export function weightedSquareError(difference: Value, counts: Value, weights: Value | null): Value {
  const weighted = weights === null ? counts : mul(counts, weights);
  const sum = reduceSum(mul(weighted, mul(difference, difference)));
  return div(mul(sum, constant(0.5)), maximum(reduceSum(counts), constant(1)));
}
