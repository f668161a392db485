/**
 * @file Xiaomi-Robotics-0 (papers/xiaomi-robotics-0): a Qwen3-VL vision-language model encodes images and instruction once; a
 * flow-matching diffusion transformer reads the keys and values of its last layers and turns noise into a chunk of actions in a
 * few Euler steps.
 *
 * Axes: B batch, K draws of noise and time per sample, N = B · K, H horizon, A action dimensions.
 *
 * Differs from the published training: the length of a given prefix and what of it is hidden are drawn per draw, theirs once per
 * batch; in the tiny size also as `tinyXiaomi` says.
 */

import {
  add,
  clamp,
  constant,
  dims,
  div,
  expand,
  mul,
  reduceSum,
  reshape,
  sub,
  type Value,
} from '../../engine/index.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import type { FlowInputs } from '../family.ts';
import { errorWeights, weightedMeanLoss } from '../parts/flow-losses.ts';
import { eulerSample, mixNoise, type ActionFlow } from '../parts/flow-matching.ts';
import { qwen3VlSpec, type Qwen3Vl } from '../parts/qwen3-vl.ts';
import type { GivenPrefix } from '../parts/given-prefix.ts';
import { longestPrefix, type ExpertConfig, type XiaomiConfig } from './config.ts';
import {
  actionExpertSpec,
  drawContext,
  expertVelocity,
  repeatDraws,
  type ActionExpert,
  type DrawContext,
  type ExpertContext,
} from './expert.ts';
import { frequencyError } from './frequency-error.ts';

/** Names of a checkpoint: Qwen3-VL's under `vlm.model`, the expert's beside it. */
export type Xiaomi<T> = ActionExpert<T> & { readonly vlm: { readonly model: Qwen3Vl<T> } };

/** Initial parameters; `tokens` is the length of the codec's prompt. */
export function xiaomiSpec(c: XiaomiConfig, tokens: number): Xiaomi<ParameterSpec> {
  return { vlm: { model: qwen3VlSpec(c, { state: c.expert.stateDim, tokens }) }, ...actionExpertSpec(c.expert) };
}

/** Euler steps of the sample whose error weighs the loss. */
const REWEIGHT_STEPS = 5;

/**
 * The loss of the expert over what `actionMask` lets count, in a context of B samples: ½ of the mean square error of the velocity,
 * and the error of its frequencies. `drawn` also holds what `drawPrefixes` draws where the configuration has prefixes.
 */
export function flowLoss(p: ActionExpert<Value>, context: ExpertContext, inputs: FlowInputs, c: XiaomiConfig): Value {
  const { noise: drawnNoise, noiseFraction, prefixLength: lengths, prefixHidden } = inputs.drawn;
  const { B, K, H, A } = dims(drawnNoise!, 'B K H A');
  const N = B * K;
  const actions = repeatDraws(inputs.actions, K);
  const actionMask = repeatDraws(inputs.actionMask, K);
  const prefixLength = c.asyncPrefix === null ? null : reshape(lengths!, [N]);
  const hidden = prefixHidden === undefined ? null : reshape(prefixHidden, [N, H]);
  const times = c.asyncPrefix?.times;
  const draws = drawContext(p, context, { draws: K, actionMask, prefixLength, hidden, times }, c.expert);
  const noise = withGiven(reshape(drawnNoise!, [N, H, A]), actions, draws);
  const n = reshape(noiseFraction!, [N]);
  const velocity = expertVelocity(p, draws, mixNoise(actions, noise, reshape(n, [N, 1, 1])), n, c.expert);
  const target = sub(noise, actions);
  const difference = sub(velocity, target);
  if (draws.given === null || c.asyncPrefix === null) {
    const loss = weightedMeanLoss(velocity, target, actionMask, constant(1));
    return withFrequencies(loss, () => frequencyError(difference, null, null), c);
  }
  const open = sub(constant(1), draws.given);
  const counts = mul(actionMask, open);
  const weights = c.asyncPrefix.reweight
    ? prefixWeights(sampleDraws(p, draws, noise, REWEIGHT_STEPS, c.expert), actions, counts, prefixLength!)
    : null;
  const loss = weightedMeanLoss(velocity, target, counts, weights ?? constant(1));
  const cut = { length: prefixLength!, longest: longestPrefix(c.asyncPrefix, H) };
  const perDraw = weights === null ? null : meanOf(weights, open);
  return withFrequencies(loss, () => frequencyError(difference, cut, perDraw), c);
}

/** Weights [N, H, A] by the error of a sample, compared among the draws that have a prefix; 1 for the others. */
function prefixWeights(sample: Value, actions: Value, counts: Value, prefixLength: Value): Value {
  const { N } = dims(prefixLength, 'N');
  const prefixed = reshape(clamp(prefixLength, 0, 1), [N, 1, 1]);
  return add(mul(prefixed, sub(errorWeights(sample, actions, mul(counts, prefixed)), constant(1))), constant(1));
}

function withFrequencies(loss: Value, error: () => Value, { frequencyWeight }: XiaomiConfig): Value {
  return frequencyWeight === 0 ? loss : add(loss, mul(error(), constant(frequencyWeight)));
}

/** Noise [N, H, A], with the action where it is given: there it mixes to the action, whatever the time. */
function withGiven(noise: Value, actions: Value, { given }: DrawContext): Value {
  return given === null ? noise : mixNoise(noise, actions, given);
}

/** The mean of weights [N, H, A] over the actions that are not given, where `open` [N, H, 1] is 1: [N, 1]. */
function meanOf(weights: Value, open: Value): Value {
  const { N, A } = dims(weights, 'N H A');
  return div(reshape(reduceSum(mul(weights, open), [1, 2]), [N, 1]), mul(reduceSum(open, [1]), constant(A)));
}

function sampleDraws(p: ActionExpert<Value>, draws: DrawContext, start: Value, steps: number, c: ExpertConfig): Value {
  const { N } = dims(start, 'N H A', { A: c.actionDim });
  return eulerSample(start, steps, (x, noiseFraction) =>
    expertVelocity(p, draws, x, constant(Array<number>(N).fill(noiseFraction)), c),
  );
}

/**
 * Actions [B, H, A] from noise [B, H, A] in `steps` Euler steps, normalised; 0 where `dimensions` [A] says that an action is
 * padding.
 */
export function sampleActions(
  p: ActionExpert<Value>,
  context: ExpertContext,
  noise: Value,
  dimensions: Value,
  steps: number,
  c: ExpertConfig,
  prefix: GivenPrefix | null = null,
): Value {
  const { B, H, A } = dims(noise, 'B H A', { A: c.actionDim });
  const actionMask = expand(dimensions, [B, H, A]);
  const draws = drawContext(p, context, { draws: 1, actionMask, prefixLength: prefix?.length ?? null }, c);
  const start = prefix === null ? noise : withGiven(noise, prefix.actions, draws);
  return mul(sampleDraws(p, draws, start, steps, c), dimensions);
}

/** The flow of a chunk; `mask` [B, H, A]. */
export function actionFlow(
  p: ActionExpert<Value>,
  context: ExpertContext,
  mask: Value,
  { expert: c, asyncPrefix }: Pick<XiaomiConfig, 'expert' | 'asyncPrefix'>,
  prefix: GivenPrefix | null = null,
): ActionFlow {
  const given = { prefixLength: prefix?.length ?? null, times: asyncPrefix?.times };
  const draws = drawContext(p, context, { draws: 1, actionMask: mask, ...given }, c);
  return {
    start: (noise) =>
      prefix === null ? mul(noise, mask) : withGiven(mul(noise, mask), mul(prefix.actions, mask), draws),
    velocity: (x, time) =>
      mul(
        expertVelocity(
          p,
          draws,
          x,
          time((noiseFraction) => noiseFraction),
          c,
        ),
        mask,
      ),
  };
}
