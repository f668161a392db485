/**
 * @file ZR-0 (papers/zr-0): a Qwen3-VL vision-language model encodes images and instruction once; a flow-matching action expert
 * reads its last hidden states by cross-attention and turns noise into a chunk of actions in a few Euler steps.
 *
 * Axes: B batch, K draws of noise and time per sample, H horizon, A action dimensions, D width, T prompt tokens.
 *
 * Differs from the paper: no dropout; no text targets; in the tiny size also as `tinyZr0` says.
 */

import type { TokenLayout } from '../../codec/prompt.ts';
import { add, constant, dims, expand, mul, reshape, sub, type Value } from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { eulerSample, maskedMeanSquare, mixNoise } from '../parts/flow-matching.ts';
import { encodePrompt, promptEncoderSpec, type PromptEncoder, type PromptInputs } from '../parts/prompt-encoder.ts';
import { supervisionLosses, supervisionSpec, type SupervisionHeads } from '../parts/supervision-heads.ts';
import type { ExpertConfig, Zr0Config } from './config.ts';
import {
  actionExpertSpec,
  expertContext,
  expertVelocity,
  timeBucket,
  type ActionExpert,
  type ExpertContext,
} from './expert.ts';

/** Names of a checkpoint: Qwen3-VL's under `model`, the expert's beside it, the supervision heads in a subtree of their own. */
export type Zr0<T> = ActionExpert<T> & {
  readonly model: PromptEncoder<T>;
  readonly supervision: SupervisionHeads<T>;
};

/** Initial parameters; `tokens` is the length of the codec's prompt. */
export function zr0Spec(c: Zr0Config, tokens: number): Zr0<ParameterSpec> {
  return {
    model: promptEncoderSpec(c, { state: c.expert.stateDim, tokens }),
    ...actionExpertSpec(c.expert),
    supervision: supervisionSpec(c.supervision, c.language.width),
  };
}

/** What the flow-matching loss is computed from; names and shapes are the codec's, the draws come beside them. */
export interface FlowInputs {
  /** f32 [B, H, A], normalised and padded. */
  readonly actions: Value;
  /** f32 [B, H, A]: 0 for padded dimensions and for steps after the episode's end. */
  readonly actionMask: Value;
  /** f32 [B, K, H, A]. */
  readonly noise: Value;
  /** f32 [B, K]. */
  readonly noiseFraction: Value;
  /** f32 [B, K]: the noise fraction as ZR-0's whole-number time. */
  readonly timeBucket: Value;
}

/** What the whole loss is computed from. */
export interface Zr0TrainingInputs extends PromptInputs, FlowInputs {
  /** Targets of the supervision heads. */
  readonly supervision: Readonly<Record<string, Value>>;
}

/** The weighted sum of the flow-matching loss and the supervision losses, and each by name. */
export function zr0Loss(
  p: Zr0<Value>,
  inputs: Zr0TrainingInputs,
  layout: TokenLayout,
  c: Zr0Config,
): { readonly loss: Value; readonly metrics: Readonly<Record<string, Value>> } {
  const prompt = encodePrompt(p.model, inputs, layout, c);
  const context = expertContext(p, prompt.hidden, prompt.mask, inputs.state, c.expert);
  const flow = flowLoss(p, context, inputs, c.expert);
  const heads = supervisionLosses(p.supervision, c.supervision, {
    hidden: prompt.hidden,
    readout: prompt.readout,
    layout,
    inputs: inputs.supervision,
  });
  let loss = flow;
  for (const [name, value] of Object.entries(heads)) {
    loss = add(loss, mul(value, constant(c.supervision[name]!.weight)));
  }
  return { loss, metrics: { flow, ...heads } };
}

/** The mean square error of the velocity over what `actionMask` lets count, in a context of B samples. */
export function flowLoss(p: ActionExpert<Value>, context: ExpertContext, inputs: FlowInputs, c: ExpertConfig): Value {
  const { B, K, H, A } = dims(inputs.noise, 'B K H A');
  const mask = reshape(inputs.actionMask, [B, 1, H, A]);
  const actions = reshape(mul(inputs.actions, inputs.actionMask), [B, 1, H, A]);
  const noise = mul(inputs.noise, mask);
  const noisy = mixNoise(actions, noise, reshape(inputs.noiseFraction, [B, K, 1, 1]));
  const bucket = reshape(inputs.timeBucket, [B * K]);
  const velocity = expertVelocity(p, context, reshape(noisy, [B * K, H, A]), bucket, c);
  const target = sub(noise, actions);
  return maskedMeanSquare(reshape(velocity, [B, K, H, A]), target, expand(mask, [B, K, H, A]));
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
  return eulerSample(mul(noise, dimensions), steps, (x, noiseFraction) => {
    const bucket = constant(Array<number>(B).fill(timeBucket(noiseFraction, c.timeBuckets)));
    return mul(expertVelocity(p, context, x, bucket, c), dimensions);
  });
}

/** Actions [B, H, A] for an observation: the prompt is encoded once, then the expert walks from the noise. */
export function zr0Sample(
  p: ActionExpert<Value> & Pick<Zr0<Value>, 'model'>,
  inputs: PromptInputs & { readonly noise: Value },
  dimensions: Value,
  steps: number,
  layout: TokenLayout,
  c: Zr0Config,
): Value {
  const prompt = encodePrompt(p.model, inputs, layout, c);
  const context = expertContext(p, prompt.hidden, prompt.mask, inputs.state, c.expert);
  return sampleActions(p, context, inputs.noise, dimensions, steps, c.expert);
}
