/**
 * @file ZR-0's action expert: a diffusion transformer over [state, a₁ … a_H] that reads the prompt's hidden states and
 * predicts the flow's velocity. Here lives the adapter of its time: ZR-0's τ = 1 − n, and its velocity a − ε = −v.
 *
 * Axes: B samples, K draws per sample, H horizon, A action dimensions, D width. N = B · K.
 */

import {
  add,
  concat,
  dims,
  expand,
  matmul,
  neg,
  relu,
  reshape,
  silu,
  slice,
  split,
  type Value,
} from '../../engine/index.ts';
import { perToken } from '../../nn/ada-norm.ts';
import { embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { normal, parameter, type ParameterSpec } from '../../nn/parameters.ts';
import { sinusoid } from '../../nn/time-embedding.ts';
import {
  diffusionTransformer,
  diffusionTransformerSpec,
  encodeTime,
  readContext,
  transformerWidth,
  type ContextReading,
  type DiffusionTransformer,
} from '../parts/diffusion-transformer.ts';
import { timesOfTokens } from '../parts/given-prefix.ts';
import type { ExpertConfig } from './config.ts';

/** An affine map of one embodiment: W [1, in, out], b [1, out]; the first axis is the published layout. */
type EmbodimentLinear<T> = { readonly W: T; readonly b: T };
type EmbodimentMlp<T> = { readonly layer1: EmbodimentLinear<T>; readonly layer2: EmbodimentLinear<T> };

/** Names in ZR-0's action_expert.safetensors. */
export type ActionExpert<T> = {
  readonly dit: DiffusionTransformer<T>;
  readonly state_encoder: EmbodimentMlp<T>;
  readonly action_encoder: {
    readonly W1: EmbodimentLinear<T>;
    readonly W2: EmbodimentLinear<T>;
    readonly W3: EmbodimentLinear<T>;
  };
  readonly action_decoder: EmbodimentMlp<T>;
  readonly position_embedding: Embedding<T>;
};

/** Initial parameters. */
export function actionExpertSpec(c: ExpertConfig): ActionExpert<ParameterSpec> {
  const D = transformerWidth(c.transformer);
  return {
    dit: diffusionTransformerSpec(c.transformer),
    state_encoder: { layer1: mapSpec(c.stateDim, c.mlpWidth), layer2: mapSpec(c.mlpWidth, D) },
    action_encoder: { W1: mapSpec(c.actionDim, D), W2: mapSpec(2 * D, D), W3: mapSpec(D, D) },
    action_decoder: {
      layer1: mapSpec(c.transformer.outputWidth, c.mlpWidth),
      layer2: mapSpec(c.mlpWidth, c.actionDim, 0.1),
    },
    position_embedding: embeddingSpec(c.maxHorizon, D, normal(0.5)),
  };
}

function mapSpec(input: number, output: number, gain = 1): EmbodimentLinear<ParameterSpec> {
  return {
    W: parameter([1, input, output], normal(gain / Math.sqrt(input))),
    b: parameter([1, output], 'zeros'),
  };
}

function map({ W, b }: EmbodimentLinear<Value>, x: Value): Value {
  return add(matmul(x, reshape(W, W.shape.slice(1))), b);
}

const mapTwice = (p: EmbodimentMlp<Value>, x: Value): Value => map(p.layer2, relu(map(p.layer1, x)));

/** What every flow time shares: the prompt's keys and values, and the state's token [B, 1, D]. */
export interface ExpertContext {
  readonly reading: ContextReading;
  readonly state: Value;
}

/** Prepares hidden states [B, S, D] with their mask [B, 1, 1, S], and an encoded state [B, state]. */
export function expertContext(
  p: ActionExpert<Value>,
  hidden: Value,
  mask: Value,
  state: Value,
  c: ExpertConfig,
): ExpertContext {
  const { B } = dims(state, 'B s');
  return {
    reading: readContext(p.dit, hidden, mask, c.transformer),
    state: reshape(mapTwice(p.state_encoder, state), [B, 1, transformerWidth(c.transformer)]),
  };
}

/** The bucket of a noise fraction: ⌊buckets · τ⌋ towards zero, as an exact whole number (host arithmetic is double). */
export const timeBucket = (noiseFraction: number, buckets: number): number =>
  Math.max(0, Math.trunc((1 - noiseFraction) * buckets + 1e-9));

/**
 * The velocity v = ε − a at noisy actions [N, H, A] and times (buckets as f32 [N], or [N, H] with one for each action) → [N, H, A].
 */
export function expertVelocity(
  p: ActionExpert<Value>,
  context: ExpertContext,
  noisy: Value,
  bucket: Value,
  c: ExpertConfig,
): Value {
  const { N, H } = dims(noisy, 'N H A', { A: c.actionDim });
  const { B, D } = dims(context.state, 'B 1 D');
  const actions = add(encodeActions(p, noisy, bucket, D), slice(p.position_embedding.weight, 0, 0, H));
  const state = reshape(expand(reshape(context.state, [B, 1, D]), [B, N / B, D]), [N, 1, D]);
  const time = bucket.shape.length === 2 ? timesOfTokens(bucket, 1) : bucket;
  const out = diffusionTransformer(
    p.dit,
    concat([state, actions], 1),
    encodeTime(p.dit, time, c.transformer),
    context.reading,
    (x) => slice(x, 1, 1, H + 1),
    c.transformer,
  );
  return neg(mapTwice(p.action_decoder, out));
}

/** W3 swish(W2 [W1 a; time]): the time's part of W2 is computed once per time, not once per action. */
function encodeActions(
  { action_encoder: { W1, W2, W3 } }: ActionExpert<Value>,
  noisy: Value,
  bucket: Value,
  D: number,
) {
  const [forAction, forTime] = split(reshape(W2.W, [2 * D, D]), 0, [D, D]);
  const time = matmul(sinusoid(bucket, { width: D, first: 'sin', shift: 0 }), forTime!);
  const mixed = add(matmul(map(W1, noisy), forAction!), perToken(add(time, W2.b)));
  return map(W3, silu(mixed));
}
