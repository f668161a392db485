/**
 * @file Qwen-VLA's action expert (papers/qwen-vla, sections 2.2, 2.4 and 2.5): one stream of projected prompt tokens and noisy action tokens, joint
 * self-attention, and the flow time in every norm. Its time τ is the noise fraction n, its velocity ε − a.
 *
 * Axes: B samples, K draws per sample, N = B · K, S prompt tokens, H horizon, A action dimensions, D width.
 *
 * Not stated in the paper, and chosen here so that every size it names is met:
 * - a block of 30 D²: modulation 6 D² (adaLN-Zero), attention 4 D², SwiGLU of inner width 10,240 (20 D²), no biases;
 * - layer norms without parameters; queries and keys normalised per head, as in the backbone;
 * - 24 heads of 64: the backbone turns 64 features of a head by positions, so all its rotary frequencies are those of the backbone;
 * - action tokens go on behind the prompt, one position each on all three axes;
 * - action maps A → D → D and D → D → A with SiLU between; A = 64;
 * - sinusoids of 1000 τ, cosines first;
 * - prompt tokens see action tokens and carry the time like them (`joint`; the last action's where each action has a time). With `shared` they see only each other and count as clean (τ = 0), so
 *   that they are computed once for all draws and Euler steps;
 * - the hidden states are those after the decoder's final norm;
 * - noise in channels that are padding is zero, in training and in sampling.
 */

import {
  add,
  concat,
  constant,
  dims,
  expand,
  mul,
  reshape,
  segment,
  silu,
  slice,
  type Value,
} from '../../engine/index.ts';
import { adaLayerNorm, modulationSpec } from '../../nn/ada-norm.ts';
import { attend, attendWithPrefix, blockMask, type KeysAndValues } from '../../nn/attention.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { normal, parameter, type ParameterSpec } from '../../nn/parameters.ts';
import { interleavedRotaryAngles, rotaryTable, rotaryTableAt, type RotaryTable } from '../../nn/rotary.ts';
import { sinusoid, timeEmbedding, timeEmbeddingSpec, type TimeEmbedding } from '../../nn/time-embedding.ts';
import type { EncodedPrompt } from '../parts/prompt-encoder.ts';
import {
  projectTokens,
  singleStreamBlock,
  singleStreamBlockSpec,
  singleStreamWidth,
  type Mix,
  type SingleStreamBlock,
  type SingleStreamConfig,
} from '../parts/single-stream.ts';

/** The action expert. */
export interface ExpertConfig {
  readonly transformer: SingleStreamConfig;
  /** How prompt tokens take part, see the head of this file. */
  readonly prompt: 'joint' | 'shared';
  /** Length of the padded action vector. */
  readonly actionDim: number;
  /** The longest chunk. */
  readonly maxHorizon: number;
  /** Sinusoids of the time. */
  readonly timeFeatures: number;
}

type ActionMlp<T> = { readonly linear_1: Linear<T>; readonly linear_2: Linear<T> };

/** The names are ours: no checkpoint has been published. */
export type ActionExpert<T> = {
  readonly context_proj: Linear<T>;
  readonly time_embed: TimeEmbedding<T>;
  readonly action_in: ActionMlp<T>;
  readonly blocks: readonly SingleStreamBlock<T>[];
  readonly norm_out: Linear<T>;
  readonly action_out: ActionMlp<T>;
};

/** Initial parameters; `context` is the width of the backbone. */
export function actionExpertSpec(c: ExpertConfig, context: number): ActionExpert<ParameterSpec> {
  const D = singleStreamWidth(c.transformer);
  return {
    context_proj: linearSpec(context, D, { bias: true }),
    time_embed: timeEmbeddingSpec(c.timeFeatures, D),
    action_in: {
      linear_1: linearSpec(c.actionDim, D, { bias: true }),
      // Tells action tokens from others, and keeps those of padding, whose actions are zero, away from the norm's pole.
      linear_2: { ...linearSpec(D, D, { bias: false }), bias: parameter([D], normal(0.3)) },
    },
    blocks: Array.from({ length: c.transformer.blocks }, () => singleStreamBlockSpec(c.transformer)),
    norm_out: modulationSpec(D),
    action_out: {
      linear_1: linearSpec(D, D, { bias: true }),
      linear_2: linearSpec(D, c.actionDim, { bias: true, gain: 0.1 }),
    },
  };
}

const mapActions = (p: ActionMlp<Value>, x: Value): Value => linear(p.linear_2, silu(linear(p.linear_1, x)));

/** How the backbone turns heads by positions: its `LanguageConfig` says it. */
export interface Rope {
  readonly rotaryWidth: number;
  readonly ropeTheta: number;
  readonly ropeSections: readonly [time: number, height: number, width: number];
}

/** What the expert reads of an encoded prompt. */
export type ExpertPrompt = Pick<EncodedPrompt, 'hidden' | 'mask' | 'positions' | 'nextPosition'>;

/** What the flow time does not change. */
export interface ExpertContext {
  /** Projected, [B, S, D]. */
  readonly tokens: Value;
  /** Added to scores: 0 for tokens, `HIDDEN` for padding; [B, 1, 1, S]. */
  readonly mask: Value;
  readonly rotary: RotaryTable;
  /** The table of the H action tokens that follow, [B, H, …]. */
  actionRotary(H: number): RotaryTable;
  /** Keys and values of every block, where the prompt is `shared`. */
  readonly shared: readonly KeysAndValues[] | null;
}

/** Prepares a prompt. */
export function expertContext(
  p: ActionExpert<Value>,
  prompt: ExpertPrompt,
  rope: Rope,
  c: ExpertConfig,
): ExpertContext {
  const tokens = linear(p.context_proj, prompt.hidden);
  const { B } = dims(tokens, 'B S D');
  const { rotaryWidth, ropeTheta, ropeSections } = rope;
  const rotary = rotaryTable(interleavedRotaryAngles(prompt.positions, ropeSections, rotaryWidth, ropeTheta), B);
  const actionRotary = (H: number): RotaryTable => {
    const places = constant(Array.from({ length: H }, (_, i) => i));
    return rotaryTableAt(add(reshape(prompt.nextPosition, [B, 1]), places), rotaryWidth, ropeTheta);
  };
  const shared = c.prompt === 'shared' ? sharedPrompt(p, tokens, prompt.mask, rotary, c) : null;
  return { tokens, mask: prompt.mask, rotary, actionRotary, shared };
}

/** The time as a condition: noise fractions [...] → [..., D]. */
function encodeTime(p: ActionExpert<Value>, noiseFraction: Value, c: ExpertConfig): Value {
  const time = mul(noiseFraction, constant(1000));
  return timeEmbedding(p.time_embed, sinusoid(time, { width: c.timeFeatures, first: 'cos', shift: 0 }));
}

/** Keys and values of clean prompt tokens that see each other. */
function sharedPrompt(
  p: ActionExpert<Value>,
  tokens: Value,
  mask: Value,
  rotary: RotaryTable,
  c: ExpertConfig,
): KeysAndValues[] {
  const { B } = dims(tokens, 'B S D');
  const clean = encodeTime(p, constant(Array<number>(B).fill(0)), c);
  const layers: KeysAndValues[] = [];
  const mix: Mix = (attn, x) => {
    const { queries, keys, values } = projectTokens(attn, x, rotary, c.transformer);
    layers.push({ keys, values });
    return attend(queries, keys, values, mask);
  };
  let x = tokens;
  for (const block of p.blocks) {
    x = segment(() => singleStreamBlock(block, x, clean, mix, (y) => y, c.transformer));
  }
  return layers;
}

/** The velocity v = ε − a at noisy actions [N, H, A] and noise fractions [N], or [N, H] with one for each action → [N, H, A]. */
export function expertVelocity(
  p: ActionExpert<Value>,
  context: ExpertContext,
  noisy: Value,
  noiseFraction: Value,
  c: ExpertConfig,
): Value {
  const time = encodeTime(p, noiseFraction, c);
  const actions = mapActions(p.action_in, noisy);
  const out =
    context.shared === null
      ? jointStream(p, context, actions, time, c)
      : actionStream(p, context, context.shared, actions, time, c);
  return mapActions(p.action_out, adaLayerNorm(p.norm_out, out, time, 'shift-scale', c.transformer.normEpsilon));
}

/** x [B, …] for each of N / B draws: [N, …]. */
function perDraw(x: Value, N: number): Value {
  const [B, ...rest] = x.shape as number[];
  return reshape(expand(reshape(x, [B!, 1, ...rest]), [B!, N / B!, ...rest]), [N, ...rest]);
}

/** Action tokens [N, H, D] through the blocks, in one sequence with the prompt's; they alone leave the last block. */
function jointStream(
  p: ActionExpert<Value>,
  context: ExpertContext,
  actions: Value,
  time: Value,
  c: ExpertConfig,
): Value {
  const { N, H, D } = dims(actions, 'N H D');
  const { B, S } = dims(context.tokens, 'B S D');
  const own = context.actionRotary(H);
  const rotary = {
    cos: perDraw(concat([context.rotary.cos, own.cos], 1), N),
    sin: perDraw(concat([context.rotary.sin, own.sin], 1), N),
  };
  const mask = perDraw(concat([context.mask, expand(constant(0), [B, 1, 1, H])], 3), N);
  const every = (x: Value): Value => x;
  const last = (x: Value): Value => slice(x, x.shape.length - 2, S, S + H);
  const latest = (): Value => expand(slice(time, 1, H - 1, H), [N, S, D]);
  const condition = time.shape.length === 2 ? time : concat([latest(), time], 1);
  let x = concat([perDraw(context.tokens, N), actions], 1);
  for (const [i, block] of p.blocks.entries()) {
    const keep = i === p.blocks.length - 1 ? last : every;
    const mix: Mix = (attn, tokens) => {
      const { queries, keys, values } = projectTokens(attn, tokens, rotary, c.transformer);
      return attend(keep(queries), keys, values, mask);
    };
    x = segment(() => singleStreamBlock(block, x, condition, mix, keep, c.transformer));
  }
  return x;
}

/** Action tokens [N, H, D] through the blocks; they read keys and values of a prompt that does not see them. */
function actionStream(
  p: ActionExpert<Value>,
  context: ExpertContext,
  shared: readonly KeysAndValues[],
  actions: Value,
  time: Value,
  c: ExpertConfig,
): Value {
  const { N, H, D } = dims(actions, 'N H D');
  const { B } = dims(context.tokens, 'B S D');
  const K = N / B;
  const own = context.actionRotary(H);
  const rotary = { cos: concat(Array<Value>(K).fill(own.cos), 1), sin: concat(Array<Value>(K).fill(own.sin), 1) };
  const ownMask = blockMask(H, K, () => true);
  let x = actions;
  for (const [i, block] of p.blocks.entries()) {
    const mix: Mix = (attn, tokens) => {
      const { queries, keys, values } = projectTokens(attn, reshape(tokens, [B, K * H, D]), rotary, c.transformer);
      const seen = attendWithPrefix(queries, { keys, values }, { ...shared[i]!, mask: context.mask }, ownMask);
      return reshape(seen, [N, H, D]);
    };
    x = segment(() => singleStreamBlock(block, x, time, mix, (y) => y, c.transformer));
  }
  return x;
}
