/**
 * @file How a velocity's error becomes one number. The four published systems differ only here, so each is a function of
 * the same arguments and a family names the one it trains with.
 *
 * Axes: B samples, K draws per sample (absent where a draw has its own row), H horizon, A action dimensions.
 */

import { f32 } from '../../base/tensor.ts';
import {
  abs,
  add,
  cast,
  clamp,
  constant,
  dims,
  div,
  greater,
  matmul,
  maximum,
  mul,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  sqrt,
  stopGradient,
  sub,
  where,
  type Value,
} from '../../engine/index.ts';
import { maskedMeanSquare } from './flow-matching.ts';

/** The error of a prediction [..., H, A] against its target, where `mask` (same shape, 0 or 1) counts; a scalar. */
export type FlowLoss = (prediction: Value, target: Value, mask: Value) => Value;

/** Σ mask e² / max(Σ mask, 1) over the batch: ZR-0, and Xiaomi-Robotics-0 without weights. */
export const maskedMeanLoss: FlowLoss = maskedMeanSquare;

/** The mean of e² over everything, padded dimensions and steps included: DM0 learns its padding. */
export const plainMeanLoss: FlowLoss = (prediction, target) => {
  const difference = sub(prediction, target);
  return reduceMean(mul(difference, difference));
};

/**
 * Qwen-VLA: in each sample the mean of e² over the valid steps of each channel, then the mean over the channels that have
 * one, so that a robot with few channels weighs as much as one with many. The paper stops at one sample; the batch is
 * the mean over the samples that have a channel, 0 without any.
 */
export const channelMeanLoss: FlowLoss = (prediction, target, mask) => {
  const steps = reduceSum(mask, [-2]);
  const difference = mul(sub(prediction, target), mask);
  const perChannel = div(reduceSumSquare(difference, [-2]), maximum(steps, 1));
  const channels = reduceSum(indicator(steps), [-1]);
  const perSample = div(reduceSum(perChannel, [-1]), maximum(channels, 1));
  return div(reduceSum(perSample), maximum(reduceSum(indicator(channels)), 1));
};

/** 1 where x is positive, else 0. */
function indicator(x: Value): Value {
  return cast(greater(x, 0), x.dtype);
}

/** Between which bounds Xiaomi-Robotics-0 keeps the weights of its loss. */
export const ERROR_WEIGHT_RANGE = { low: 0.5, high: 5 } as const;

/**
 * Xiaomi-Robotics-0's weights: |sample − actions| divided by its mean over the mask, kept in [0.5, 5]; [..., H, A] without
 * a gradient. `sample` is what a few Euler steps make of the same noise; where training shows no action prefix, the
 * published code weighs all alike.
 */
export function errorWeights(sample: Value, actions: Value, mask: Value): Value {
  const error = abs(sub(sample, actions));
  const mean = div(reduceSum(mul(error, mask)), maximum(reduceSum(mask), 1));
  // Without any error all weights are the same.
  const normal = where(greater(mean, 0), div(error, maximum(mean, 1e-20)), constant(1));
  // What does not count stays unscaled, as in the published code: the spectral distance reads it.
  const scaled = where(greater(mask, 0), normal, error);
  return stopGradient(clamp(scaled, ERROR_WEIGHT_RANGE.low, ERROR_WEIGHT_RANGE.high));
}

/** ½ Σ mask w e² / max(Σ mask, 1): Xiaomi-Robotics-0; `weights` [..., H, A] from `errorWeights`, or 1. */
export function weightedMeanLoss(prediction: Value, target: Value, mask: Value, weights: Value): Value {
  const difference = sub(prediction, target);
  const sum = reduceSum(mul(mul(mul(difference, difference), weights), mask));
  return mul(div(sum, maximum(reduceSum(mask), 1)), 0.5);
}

/**
 * The mean magnitude of rFFT(prediction) − rFFT(target) along the horizon, each sample multiplied by the mean of its
 * weights: Xiaomi-Robotics-0's optional term, which no mask cuts. All [B, H, A].
 */
export function spectralDistance(prediction: Value, target: Value, weights: Value): Value {
  const { H } = dims(prediction, 'B H A');
  const difference = sub(prediction, target);
  const wave = (f: (angle: number) => number): Value => matmul(fourierMatrix(H, f), difference);
  const [real, imaginary] = [wave(Math.cos), wave(Math.sin)];
  // The shift keeps the root's slope finite at zero; it is below what float32 resolves beside 1e-5.
  const magnitude = sqrt(add(add(mul(real, real), mul(imaginary, imaginary)), 1e-24));
  return reduceMean(mul(magnitude, reduceMean(weights, [-2, -1], { keepDims: true })));
}

/** f(2π k h / H) for the ⌊H/2⌋ + 1 frequencies k of a real signal. */
function fourierMatrix(H: number, f: (angle: number) => number): Value {
  const frequencies = Math.floor(H / 2) + 1;
  const values = Array.from({ length: frequencies * H }, (_, i) =>
    // The angle is reduced first, so that whole turns are exact.
    f((2 * Math.PI * ((Math.floor(i / H) * (i % H)) % H)) / H),
  );
  return constant(f32(values, [frequencies, H]));
}
