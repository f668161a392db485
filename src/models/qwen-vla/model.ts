/**
 * @file Qwen-VLA (papers/qwen-vla): a Qwen3.5 vision-language model encodes images and an embodiment-aware prompt once; an action expert takes its
 * hidden states and noisy actions as one stream and turns noise into a chunk of actions in a few Euler steps.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions.
 *
 * Not stated in the paper: see `expert.ts` for the expert, `config.ts` for the laws of time.
 * Differs from the paper: no text loss here; in the tiny size also as `tinyQwenVla` says.
 */

import {
  constant,
  dims,
  div,
  maximum,
  minimum,
  mul,
  reduceMean,
  reduceSum,
  reshape,
  sub,
  type Value,
} from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import type { FlowInputs } from '../family.ts';
import { eulerSample, fixedTime, mixNoise, type ActionFlow } from '../parts/flow-matching.ts';
import { PREFIX_LENGTH, aroundGiven, drawnTimes, openActions, type GivenPrefix } from '../parts/given-prefix.ts';
import { qwen35Spec, type Qwen35 } from '../parts/qwen3-5.ts';
import type { QwenVlaConfig } from './config.ts';
import {
  actionExpertSpec,
  expertVelocity,
  type ActionExpert,
  type ExpertConfig,
  type ExpertContext,
} from './expert.ts';

/** Names of a checkpoint: Qwen3.5's under `model`, the expert's, which are ours, under `action_expert`. */
export type QwenVla<T> = { readonly model: Qwen35<T>; readonly action_expert: ActionExpert<T> };

/** Initial parameters; `tokens` is the length of the codec's prompt. */
export function qwenVlaSpec(c: QwenVlaConfig, tokens: number): QwenVla<ParameterSpec> {
  return {
    model: qwen35Spec(c, { state: c.stateDim ?? 0, tokens }),
    action_expert: actionExpertSpec(c.expert, c.language.width),
  };
}

/**
 * Equations 1 and 2: the mean square of the velocity's error over the steps that count, for each channel that has any, and then over
 * these channels, so that all count alike; the mean over samples and draws. With training-time RTC given actions do not count.
 */
export function flowLoss(p: ActionExpert<Value>, context: ExpertContext, inputs: FlowInputs, c: ExpertConfig): Value {
  const { noise: drawnNoise, noiseFraction, [PREFIX_LENGTH]: length } = inputs.drawn;
  const { B, K, H, A } = dims(drawnNoise!, 'B K H A');
  const { given, fractions } = drawnTimes(noiseFraction!, length, H);
  const valid = reshape(inputs.actionMask, [B, 1, H, A]);
  const mask = given === null ? valid : mul(valid, openActions(given));
  const actions = reshape(mul(inputs.actions, inputs.actionMask), [B, 1, H, A]);
  const noise = mul(drawnNoise!, valid);
  const noisy = mixNoise(actions, noise, fractions);
  const times = reshape(fractions, given === null ? [B * K] : [B * K, H]);
  const velocity = expertVelocity(p, context, reshape(noisy, [B * K, H, A]), times, c);
  const error = mul(sub(reshape(velocity, [B, K, H, A]), sub(noise, actions)), mask);

  const steps = reduceSum(mask, [2]);
  const channels = div(reduceSum(mul(error, error), [2]), maximum(steps, constant(1)));
  const active = maximum(reduceSum(minimum(steps, constant(1)), [2]), constant(1));
  return reduceMean(div(reduceSum(channels, [2]), active));
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
  const own = (noiseFraction: number): number => noiseFraction;
  return aroundGiven(prefix, mask, (times) => ({
    start: (noise) => mul(noise, mask),
    velocity: (x, time) => mul(expertVelocity(p, context, x, times(time, own), c), mask),
  }));
}
