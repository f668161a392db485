/**
 * @file ZR-0 (papers/zr-0): a Qwen3-VL vision-language model encodes images and instruction once; a flow-matching action expert
 * reads its last hidden states by cross-attention and turns noise into a chunk of actions in a few Euler steps.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions, D width, T prompt tokens.
 *
 * Differs from the paper: no dropout; no text targets; in the tiny size also as `tinyZr0` says.
 */

import { dims, expand, mul, reshape, sub, type Value } from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import type { FlowInputs } from '../family.ts';
import { eulerSample, fixedTime, maskedMeanSquare, mixNoise, type ActionFlow } from '../parts/flow-matching.ts';
import {
  PREFIX_LENGTH,
  actionTimes,
  aroundGiven,
  drawnTimes,
  openActions,
  type GivenPrefix,
} from '../parts/given-prefix.ts';
import { qwen3VlSpec, type Qwen3Vl } from '../parts/qwen3-vl.ts';
import type { ExpertConfig, Zr0Config } from './config.ts';
import { actionExpertSpec, expertVelocity, timeBucket, type ActionExpert, type ExpertContext } from './expert.ts';

/** Names of a checkpoint: Qwen3-VL's under `model`, the expert's beside it. */
export type Zr0<T> = ActionExpert<T> & { readonly model: Qwen3Vl<T> };

/** Initial parameters; `tokens` is the length of the codec's prompt. */
export function zr0Spec(c: Zr0Config, tokens: number): Zr0<ParameterSpec> {
  return { model: qwen3VlSpec(c, { state: c.expert.stateDim, tokens }), ...actionExpertSpec(c.expert) };
}

/**
 * The mean square error of the velocity over what `actionMask` lets count, in a context of B samples. `drawn` also holds the
 * noise fractions as ZR-0's whole-number time, `timeBucket` f32 [B, K], and with training-time RTC how many actions are given.
 */
export function flowLoss(p: ActionExpert<Value>, context: ExpertContext, inputs: FlowInputs, c: ExpertConfig): Value {
  const { noise: drawnNoise, noiseFraction, timeBucket: buckets, [PREFIX_LENGTH]: length } = inputs.drawn;
  const { B, K, H, A } = dims(drawnNoise!, 'B K H A');
  const mask = reshape(inputs.actionMask, [B, 1, H, A]);
  const actions = reshape(mul(inputs.actions, inputs.actionMask), [B, 1, H, A]);
  const noise = mul(drawnNoise!, mask);
  const { given, fractions } = drawnTimes(noiseFraction!, length, H);
  const noisy = mixNoise(actions, noise, fractions);
  const time = given === null ? buckets! : actionTimes(buckets!, timeBucket(0, c.timeBuckets), given);
  const bucket = reshape(time, given === null ? [B * K] : [B * K, H]);
  const velocity = expertVelocity(p, context, reshape(noisy, [B * K, H, A]), bucket, c);
  const target = sub(noise, actions);
  const counts = given === null ? mask : mul(mask, openActions(given));
  return maskedMeanSquare(reshape(velocity, [B, K, H, A]), target, expand(counts, [B, K, H, A]));
}

/**
 * Actions [B, H, A] from noise [B, H, A] in `steps` Euler steps, normalised. `dimensions` [A] is 0 where an action is padding:
 * noise and velocity are masked as in training.
 */
export function sampleActions(
  p: ActionExpert<Value>,
  context: ExpertContext,
  noise: Value,
  dimensions: Value,
  steps: number,
  c: ExpertConfig,
): Value {
  const { B } = dims(noise, 'B H A', { A: c.actionDim });
  const { start, velocity } = actionFlow(p, context, dimensions, c);
  return eulerSample(start(noise), steps, (x, noiseFraction) => velocity(x, fixedTime(noiseFraction, B)));
}

/** Noise and velocity masked as in training; `mask` broadcasts to [B, H, A]. */
export function actionFlow(
  p: ActionExpert<Value>,
  context: ExpertContext,
  mask: Value,
  c: ExpertConfig,
  prefix: GivenPrefix | null = null,
): ActionFlow {
  const own = (noiseFraction: number): number => timeBucket(noiseFraction, c.timeBuckets);
  return aroundGiven(prefix, mask, (times) => ({
    start: (noise) => mul(noise, mask),
    velocity: (x, time) => mul(expertVelocity(p, context, x, times(time, own), c), mask),
  }));
}
