/**
 * @file DM0 (papers/dm0): a vision-language model of Qwen3 and a PE tower encodes images and instruction once; a flow-matching
 * expert of as many layers attends to the keys and values of each of them and turns noise into a chunk of actions.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions.
 *
 * Differs from the paper in the tiny size as `tinyDm0` says. How progress is trained is not public: see the README.
 */

import { constant, dims, expand, minimum, mul, reduceMean, reshape, sub, type Value } from '../../engine/index.ts';
import { f32 } from '../../base/tensor.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import type { FlowInputs } from '../family.ts';
import { eulerSample, maskedMeanSquare, mixNoise, type ActionFlow } from '../parts/flow-matching.ts';
import { PREFIX_LENGTH, aroundGiven, drawnTimes, openActions, type GivenPrefix } from '../parts/given-prefix.ts';
import type { Dm0Config } from './config.ts';
import { dm0ExpertSpec, dm0Velocity, type Dm0Context, type Dm0Expert, type Dm0ExpertConfig } from './expert.ts';
import { dm0VlmSpec, type Dm0Vlm } from './vlm.ts';

/** Names of a checkpoint. */
export type Dm0<T> = { readonly model: Dm0Vlm<T> & Dm0Expert<T> };

/** Initial parameters; `tokens` is the length of the codec's prompt. */
export function dm0Spec(c: Dm0Config, tokens: number): Dm0<ParameterSpec> {
  return { model: { ...dm0VlmSpec(c, tokens), ...dm0ExpertSpec(c) } };
}

/** What the loss and the sampler read of the parameters. */
export interface Dm0ExpertParameters {
  readonly model: Dm0Expert<Value>;
}

/**
 * The mean square error of the velocity: over all steps and dimensions where padding is learned, as published, or else over
 * what `actionMask` lets count; with training-time RTC given actions do not count.
 */
export function dm0FlowLoss(
  p: Dm0ExpertParameters,
  context: Dm0Context,
  inputs: FlowInputs,
  c: Dm0ExpertConfig,
): Value {
  return dm0Losses(p, context, inputs, null, c).flow;
}

/** How far tasks were before and are after the chunks, [B] each. */
export interface Dm0Progress {
  readonly before: Value;
  readonly after: Value;
}

/**
 * The same, of a pass that is told the progress before the chunk, and the mean square error of what each draw predicts for its end
 * (null without progress).
 */
export function dm0Losses(
  p: Dm0ExpertParameters,
  context: Dm0Context,
  inputs: FlowInputs,
  progress: Dm0Progress | null,
  c: Dm0ExpertConfig,
): { readonly flow: Value; readonly progress: Value | null } {
  const { noise: drawn, noiseFraction, [PREFIX_LENGTH]: length } = inputs.drawn;
  const { B, K, H, A } = dims(drawn!, 'B K H A', { A: c.expert.actionDim });
  const masked = c.expert.padding === 'masked';
  const mask = reshape(inputs.actionMask, [B, 1, H, A]);
  const actions = reshape(masked ? mul(inputs.actions, inputs.actionMask) : inputs.actions, [B, 1, H, A]);
  const noise = masked ? mul(drawn!, mask) : drawn!;
  const { given, fractions } = drawnTimes(noiseFraction!, length, H);
  const noisy = mixNoise(actions, noise, fractions);
  const times = given === null ? noiseFraction! : reshape(fractions, [B, K, H]);
  const perDraw = (x: Value): Value => expand(reshape(x, [B, 1]), [B, K]);
  const begun = progress === null ? null : perDraw(progress.before);
  const step = dm0Velocity(p.model, context, noisy, times, begun, c);
  const target = sub(noise, actions);
  const counts = [masked ? mask : null, given === null ? null : openActions(given)].filter((part) => part !== null);
  const flow =
    counts.length === 0
      ? meanSquare(step.velocity, target)
      : maskedMeanSquare(
          step.velocity,
          target,
          expand(
            counts.reduce((a, b) => mul(a, b)),
            [B, K, H, A],
          ),
        );
  return { flow, progress: progress === null ? null : meanSquare(step.progress!, perDraw(progress.after)) };
}

function meanSquare(a: Value, b: Value): Value {
  const difference = sub(a, b);
  return reduceMean(mul(difference, difference));
}

/** Actions [B, H, A], normalised, and progress [B] where it was asked for. */
export interface Dm0Sample {
  readonly actions: Value;
  readonly progress: Value | null;
}

/**
 * Actions from noise [B, H, A] in `steps` Euler steps. `dimensions` [A] is 0 where an action is padding; it is read where
 * padding is masked. `progress` [B] is how far the task was before this chunk; what comes back is the least that any step
 * predicts for its end.
 */
export function dm0Sample(
  p: Dm0ExpertParameters,
  context: Dm0Context,
  start: { readonly noise: Value; readonly progress: Value | null },
  dimensions: Value,
  steps: number,
  c: Dm0ExpertConfig,
): Dm0Sample {
  const { B, H, A } = dims(start.noise, 'B H A', { A: c.expert.actionDim });
  const only = (x: Value): Value => (c.expert.padding === 'masked' ? mul(x, dimensions) : x);
  const begun = start.progress === null ? null : reshape(start.progress, [B, 1]);
  let progress: Value | null = null;
  const actions = eulerSample(only(start.noise), steps, (x, noiseFraction) => {
    const time = constant(f32(new Float32Array(B).fill(noiseFraction), [B, 1]));
    const step = dm0Velocity(p.model, context, reshape(x, [B, 1, H, A]), time, begun, c);
    if (step.progress !== null) {
      const one = reshape(step.progress, [B]);
      progress = progress === null ? one : minimum(progress, one);
    }
    return only(reshape(step.velocity, [B, H, A]));
  });
  return { actions, progress };
}

/** Noise and velocity where padding is masked, masked by `mask` [B, H, A], or else as they are; without progress. */
export function dm0Flow(
  p: Dm0ExpertParameters,
  context: Dm0Context,
  mask: Value,
  c: Dm0ExpertConfig,
  prefix: GivenPrefix | null = null,
): ActionFlow {
  const { B, H, A } = dims(mask, 'B H A', { A: c.expert.actionDim });
  const only = (x: Value): Value => (c.expert.padding === 'masked' ? mul(x, mask) : x);
  return aroundGiven(prefix, mask, (times) => ({
    start: only,
    velocity(x, time) {
      const told = times(time, (noiseFraction) => noiseFraction);
      const fraction = reshape(told, [B, 1, ...told.shape.slice(1)]);
      const { velocity } = dm0Velocity(p.model, context, reshape(x, [B, 1, H, A]), fraction, null, c);
      return only(reshape(velocity, [B, H, A]));
    },
  }));
}
