/**
 * @file DM0's action expert: Qwen3 blocks of a width of their own that read, layer by layer, the keys and values which the
 * vision-language model made of the prompt. Action tokens see the whole prompt and each other. DM0's time is the noise
 * fraction, and its velocity ε − a: nothing to adapt.
 *
 * Axes: B samples, K draws per sample, H horizon, A action dimensions, D width, n tokens of a draw: H, or 1 + H with progress.
 */

import { add, concat, constant, dims, reshape, segment, silu, slice, split, type Value } from '../../engine/index.ts';
import { f32 } from '../../base/tensor.ts';
import { attendWithPrefix, blockMask, projectHeads, type Prefix } from '../../nn/attention.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { swiGlu } from '../../nn/mlp.ts';
import { rmsNorm, rmsNormSpec, type RmsNorm } from '../../nn/norm.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { rotaryTableAt, type RotaryTable } from '../../nn/rotary.ts';
import { periodicSinusoid } from '../../nn/time-embedding.ts';
import { decoderLayersSpec, type DecoderLayer } from '../parts/language-model.ts';
import type { EncodedPrompt } from '../parts/prompt-encoder.ts';
import { timesOfTokens } from '../parts/given-prefix.ts';
import type { Dm0Config } from './config.ts';

/** Names under `model` of a DM0 checkpoint; the last two in those with progress. */
export type Dm0Expert<T> = {
  readonly action_expert: {
    readonly model: { readonly layers: readonly DecoderLayer<T>[]; readonly norm: RmsNorm<T> };
  };
  readonly action_in_proj: Linear<T>;
  readonly action_time_mlp_in: Linear<T>;
  readonly action_time_mlp_out: Linear<T>;
  readonly action_out_proj: Linear<T>;
  readonly progress_in_proj?: Linear<T>;
  readonly progress_out_proj?: Linear<T>;
};

/** What the expert reads of a configuration. */
export type Dm0ExpertConfig = Pick<Dm0Config, 'language' | 'expert'>;

/** The decoder's sizes where keys must fit the prompt's, the expert's own elsewhere. */
const blocks = ({ language, expert }: Dm0ExpertConfig) => ({ ...language, ...expert });

/** Initial parameters. */
export function dm0ExpertSpec(c: Dm0ExpertConfig): Dm0Expert<ParameterSpec> {
  const { width: D, actionDim, progress } = c.expert;
  return {
    action_expert: { model: { layers: decoderLayersSpec(blocks(c)), norm: rmsNormSpec(D) } },
    action_in_proj: linearSpec(actionDim, D, { bias: true }),
    action_time_mlp_in: linearSpec(2 * D, D, { bias: true }),
    action_time_mlp_out: linearSpec(D, D, { bias: true }),
    action_out_proj: linearSpec(D, actionDim, { bias: true, gain: 0.1 }),
    ...(progress
      ? {
          progress_in_proj: linearSpec(1, D, { bias: true }),
          progress_out_proj: linearSpec(D, 1, { bias: true, gain: 0.1 }),
        }
      : {}),
  };
}

/** What every flow time shares: the prompt's keys and values by layer, and where the expert's positions go on. */
export interface Dm0Context {
  readonly layers: readonly Prefix[];
  /** f32 [B]. */
  readonly nextPosition: Value;
}

/** The expert's view of an encoded prompt. */
export function dm0Context({ layers, mask, nextPosition }: EncodedPrompt): Dm0Context {
  return { layers: layers.map((layer) => ({ ...layer, mask })), nextPosition };
}

/** The velocity v = ε − a, and the task's progress as the network reads it. */
export interface Dm0Prediction {
  /** [B, K, H, A]. */
  readonly velocity: Value;
  /** [B, K], about 0 to 1; null where none was given. */
  readonly progress: Value | null;
}

/**
 * Noisy actions [B, K, H, A] at noise fractions [B, K], or [B, K, H] with one for each action. `progress` [B, K], how far the task was before this chunk, is one token
 * more, before the actions; null leaves it out, as the published code does.
 */
export function dm0Velocity(
  p: Dm0Expert<Value>,
  context: Dm0Context,
  noisy: Value,
  noiseFraction: Value,
  progress: Value | null,
  c: Dm0ExpertConfig,
): Dm0Prediction {
  const { B, K, H } = dims(noisy, 'B K H A', { A: c.expert.actionDim });
  const { width: D } = c.expert;
  const actions = linear(p.action_in_proj, noisy);
  const head = progress === null ? [] : [linear(p.progress_in_proj!, reshape(progress, [B, K, 1, 1]))];
  const n = head.length + H;
  let x = reshape(mixTime(p, concat([...head, actions], 2), noiseFraction, c), [B, K * n, D]);
  const rotary = rotaryTableAt(positions(context.nextPosition, K, n), c.language.headWidth, c.language.ropeTheta);
  const apart = blockMask(n, K, () => true);
  for (const [i, layer] of p.action_expert.model.layers.entries()) {
    x = segment(() => expertBlock(layer, x, context.layers[i]!, rotary, apart, c));
  }
  const out = reshape(rmsNorm(p.action_expert.model.norm, x, c.language.normEpsilon), [B, K, n, D]);
  return {
    velocity: linear(p.action_out_proj, head.length === 0 ? out : slice(out, 2, 1, n)),
    progress: head.length === 0 ? null : reshape(linear(p.progress_out_proj!, slice(out, 2, 0, 1)), [B, K]),
  };
}

/** out(silu(in([token; time]))): the time's part of `in` is computed once per time, not once per token. */
function mixTime(p: Dm0Expert<Value>, tokens: Value, noiseFraction: Value, { expert }: Dm0ExpertConfig): Value {
  const { B, K, n, D } = dims(tokens, 'B K n D');
  const { weight, bias } = p.action_time_mlp_in;
  const [forToken, forTime] = split(weight, 1, [D, D]);
  const features = periodicSinusoid(timesOf(noiseFraction, n), {
    width: D,
    shortest: expert.shortestPeriod,
    longest: expert.longestPeriod,
  });
  const each = noiseFraction.shape.length === 3 ? n : 1;
  const time = reshape(linear({ weight: forTime!, bias: bias! }, features), [B, K, each, D]);
  return linear(p.action_time_mlp_out, silu(add(linear({ weight: forToken! }, tokens), time)));
}

/** Times [B, K] as they are; those of actions [B, K, H] for all n tokens of a draw. */
function timesOf(noiseFraction: Value, n: number): Value {
  const [B, K, H] = noiseFraction.shape as readonly [number, number, number?];
  if (H === undefined || H === n) return noiseFraction;
  return reshape(timesOfTokens(reshape(noiseFraction, [B * K, H]), n - H), [B, K, n]);
}

/** Every draw's tokens go on where the prompt ended: f32 [B, K · n]. */
function positions(nextPosition: Value, K: number, n: number): Value {
  const { B } = dims(nextPosition, 'B');
  const offsets = Float32Array.from({ length: K * n }, (_, i) => i % n);
  return add(reshape(nextPosition, [B, 1]), constant(f32(offsets, [1, K * n])));
}

function expertBlock(
  p: DecoderLayer<Value>,
  x: Value,
  prefix: Prefix,
  rotary: RotaryTable,
  apart: Value | null,
  c: Dm0ExpertConfig,
): Value {
  const { normEpsilon } = c.language;
  const own = projectHeads(p.self_attn, rmsNorm(p.input_layernorm, x, normEpsilon), blocks(c), rotary, normEpsilon);
  const attended = add(x, linear(p.self_attn.o_proj, attendWithPrefix(own.queries, own, prefix, apart)));
  return add(attended, swiGlu(p.mlp, rmsNorm(p.post_attention_layernorm, attended, normEpsilon)));
}
