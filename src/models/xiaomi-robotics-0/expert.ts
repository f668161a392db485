/**
 * @file Xiaomi-Robotics-0's action expert: a diffusion transformer over [sink, state, a₁ … a_H] whose layers read the keys and
 * values that the last layers of the vision-language model kept (papers/xiaomi-robotics-0, section 2.2). Here lives the adapter
 * of its time: Xiaomi's τ = 1 − n, and its velocity a − ε = −v.
 *
 * Axes: B samples, K draws per sample, N = B · K, H horizon, T = H + 2 tokens, A action dimensions, D width, d head width,
 * G key-value heads and S tokens of the prompt.
 */

import { f32 } from '../../base/tensor.ts';
import {
  add,
  concat,
  constant,
  dims,
  expand,
  mul,
  neg,
  reshape,
  segment,
  slice,
  sub,
  type Value,
} from '../../engine/index.ts';
import { HIDDEN, blockMask, type Prefix } from '../../nn/attention.ts';
import { embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { normal, type ParameterSpec } from '../../nn/parameters.ts';
import { rotaryTableAt } from '../../nn/rotary.ts';
import type { EncodedPrompt } from '../parts/prompt-encoder.ts';
import { actionTimes, givenActions, timesOfTokens } from '../parts/given-prefix.ts';
import type { AsyncPrefix, ExpertConfig, OwnMask } from './config.ts';
import { expertLayer, expertLayerSpec, type ExpertLayer, type OwnTokens } from './expert-layer.ts';
import {
  projector,
  projectorSpec,
  timeModulation,
  timeModulationSpec,
  type Projector,
  type TimeModulation,
} from './projectors.ts';

/** Names in Xiaomi-Robotics-0's checkpoint, beside `vlm`. */
export type ActionExpert<T> = TimeModulation<T> & {
  readonly dit: { readonly layers: readonly ExpertLayer<T>[] };
  readonly state_projector: Projector<T>;
  readonly action_projector: Projector<T>;
  readonly action_output_layer: Projector<T>;
  readonly sink: Embedding<T>;
};

/** Initial parameters. */
export function actionExpertSpec(c: ExpertConfig): ActionExpert<ParameterSpec> {
  return {
    dit: { layers: Array.from({ length: c.layers }, () => expertLayerSpec(c)) },
    state_projector: projectorSpec(c.stateDim, c.width),
    action_projector: projectorSpec(c.actionDim, c.width),
    action_output_layer: projectorSpec(c.width, c.actionDim, 0.1),
    ...timeModulationSpec(c.timeFeatures, c.width),
    sink: embeddingSpec(1, c.width, normal(0.5)),
  };
}

/** What the expert knows of an observation. */
export interface ExpertContext {
  /** What each layer of the expert reads: the prompt's keys and values of its layer, one head for each of the expert's. */
  readonly reading: readonly Prefix[];
  /** f32 [B]: the rotary position that follows the prompt. */
  readonly nextPosition: Value;
  /** The state's token, [B, 1, D]. */
  readonly state: Value;
}

/** Prepares a prompt and an encoded state f32 [B, state]. */
export function expertContext(
  p: ActionExpert<Value>,
  { layers, mask, nextPosition }: Pick<EncodedPrompt, 'layers' | 'mask' | 'nextPosition'>,
  state: Value,
  c: ExpertConfig,
): ExpertContext {
  const { B } = dims(state, 'B s');
  const heads = c.width / c.headWidth;
  return {
    reading: layers.slice(layers.length - c.layers).map(({ keys, values }) => ({
      keys: repeatHeads(keys, heads),
      values: repeatHeads(values, heads),
      mask,
    })),
    nextPosition,
    state: reshape(projector(p.state_projector, state), [B, 1, c.width]),
  };
}

/** [B, G, S, d] → [B, heads, S, d]: a key-value head for every head of its group. */
function repeatHeads(x: Value, heads: number): Value {
  const { B, G, S, d } = dims(x, 'B G S d');
  if (G === heads) return x;
  return reshape(expand(reshape(x, [B, G, 1, S, d]), [B, G, heads / G, S, d]), [B, heads, S, d]);
}

/** What a sample's draws are told beside the observation. */
export interface DrawInputs {
  /** K. */
  readonly draws: number;
  /** f32 [N, H, A]: noisy actions are multiplied by it in every call. */
  readonly actionMask: Value;
  /** How many actions of a draw are given and not to be changed, f32 [N], whole numbers from 0 to H; null for none. */
  readonly prefixLength: Value | null;
  /** Which given actions those that are not given do not see, f32 [N, H] (1 hidden); left out or null: they see all that the mask lets them. */
  readonly hidden?: Value | null;
  /** What given actions are told of the flow time; default `shared`. */
  readonly times?: AsyncPrefix['times'];
}

/** What all flow times of a chunk share. */
export interface DrawContext {
  readonly reading: readonly Prefix[];
  readonly actionMask: Value;
  /** f32 [N, H, 1]: 1 where an action is given; null where none is. */
  readonly given: Value | null;
  /** Whether given actions are told that they are clean. */
  readonly ownTimes: boolean;
  /** Sink and state, [N, 2, D]. */
  readonly head: Value;
  readonly own: OwnTokens;
}

/** Prepares what does not depend on the flow time. */
export function drawContext(
  p: ActionExpert<Value>,
  { reading, nextPosition, state }: ExpertContext,
  { draws, actionMask, prefixLength, hidden = null, times = 'shared' }: DrawInputs,
  c: ExpertConfig,
): DrawContext {
  const { N, H } = dims(actionMask, 'N H A', { A: c.actionDim });
  const sink = expand(reshape(p.sink.weight, [1, 1, c.width]), [N, 1, c.width]);
  const given = prefixLength === null ? null : givenActions(prefixLength, H);
  const positions = ownPositions(repeatDraws(nextPosition, draws), given, H, c.mask);
  const T = H + 2;
  const order = blockMask(T, draws, (query, key) => sees(c.mask, query, key));
  return {
    reading,
    actionMask,
    given,
    ownTimes: given !== null && times === 'own',
    head: concat([sink, repeatDraws(state, draws)], 1),
    own: {
      rotary: rotaryTableAt(reshape(positions, [N / draws, draws * T]), c.headWidth, c.ropeTheta),
      mask: given === null || hidden === null ? order : hideGiven(order!, given, hidden, draws),
    },
  };
}

/** [B, …] → [B · draws, …]: every sample `draws` times in a row. */
export function repeatDraws(x: Value, draws: number): Value {
  const [B, ...rest] = x.shape as readonly number[];
  if (draws === 1) return x;
  return reshape(expand(reshape(x, [B!, 1, ...rest]), [B!, draws, ...rest]), [B! * draws, ...rest]);
}

/** The mask of own tokens [K · T, K · T] with given actions hidden from those that are not: [B, 1, K · T, K · T]. */
function hideGiven(order: Value, given: Value, hidden: Value, draws: number): Value {
  const { N, H } = dims(hidden, 'N H');
  const rows = (x: Value): Value => concat([expand(constant(0), [N, 2]), reshape(x, [N, H])], 1);
  const [B, length] = [N / draws, draws * (H + 2)];
  const blind = reshape(rows(sub(constant(1), given)), [B, 1, length, 1]);
  const unseen = mul(blind, reshape(rows(hidden), [B, 1, 1, length]));
  return add(mul(unseen, constant(HIDDEN)), order);
}

/** How far back an action sees, and how much further than given actions it stands. */
const reach = (mask: OwnMask): { readonly window: number; readonly positionOffset: number } =>
  mask.kind === 'causal' ? { window: Infinity, positionOffset: 0 } : mask;

/** Rotary positions [N, T]: one after the other from nextPosition [N], actions that are not given a fixed way further. */
function ownPositions(nextPosition: Value, given: Value | null, H: number, mask: OwnMask): Value {
  const { N } = dims(nextPosition, 'N');
  const { positionOffset } = reach(mask);
  const places = Float32Array.from({ length: H + 2 }, (_, i) => (i < 2 ? i : i + positionOffset));
  const positions = add(reshape(nextPosition, [N, 1]), constant(f32(places)));
  if (given === null || positionOffset === 0) return positions;
  const back = mul(reshape(given, [N, H]), constant(-positionOffset));
  return add(positions, concat([expand(constant(0), [N, 2]), back], 1));
}

/**
 * Whether a token sees another of [sink, state, a₁ …]: what is before it; an action sink, state, itself and the `window` actions
 * before it (figure 4), or all before it.
 */
export function sees(mask: OwnMask, query: number, key: number): boolean {
  return key <= query && (key < 2 || key >= query - reach(mask).window);
}

/** The velocity v = ε − a at noisy actions [N, H, A] and noise fractions [N] → [N, H, A]; 0 for given actions. */
export function expertVelocity(
  p: ActionExpert<Value>,
  { reading, actionMask, given, ownTimes, head, own }: DrawContext,
  noisy: Value,
  noiseFraction: Value,
  c: ExpertConfig,
): Value {
  const { H } = dims(noisy, 'N H A', { A: c.actionDim });
  const times = ownTimes ? timesOfTokens(actionTimes(noiseFraction, 0, given!), 2) : noiseFraction;
  const modulation = timeModulation(p, sub(constant(1), times), c.timeFeatures);
  let x = concat([head, projector(p.action_projector, mul(noisy, actionMask))], 1);
  for (const [i, layer] of p.dit.layers.entries()) {
    x = segment(() => expertLayer(layer, x, modulation, reading[i]!, own, c));
  }
  const velocity = neg(projector(p.action_output_layer, slice(x, 1, 2, H + 2)));
  return given === null ? velocity : mul(velocity, sub(constant(1), given));
}
