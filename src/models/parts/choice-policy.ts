/**
 * @file Choice policies (Qi et al. 2025), the first pre-training step of Xiaomi-Robotics-0: the vision-language model itself
 * proposes several chunks of actions and says how wrong it thinks each is. Only the best proposal learns (winner takes
 * all), so proposals spread over what was demonstrated instead of averaging it.
 *
 * Axes: B batch, H horizon (action queries), A action dimensions, C candidates, D width.
 *
 * Not stated in the paper: what the heads look like. Here, after the published successor, a head is four affine maps of
 * the model's width with GELU between, then one affine map; the action head serves all candidates at once. The state is "encoded
 * with an MLP": here two affine maps with GELU between.
 */

import { z } from 'zod';
import { invariant } from '../../base/errors.ts';
import {
  abs,
  add,
  argMax,
  concat,
  constant,
  dims,
  div,
  expand,
  gelu,
  maximum,
  mul,
  neg,
  oneHot,
  reduceMax,
  reduceSum,
  reshape,
  slice,
  stopGradient,
  sub,
  transpose,
  type Value,
} from '../../engine/index.ts';
import { embeddingSpec, type Embedding } from '../../nn/embedding.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import { normal, type ParameterSpec } from '../../nn/parameters.ts';

/** Sizes of a choice policy. */
export interface ChoiceConfig {
  /** Proposals per observation; published: 5. */
  readonly candidates: number;
  readonly horizon: number;
  readonly actionDim: number;
  /** Width of the model's hidden states. */
  readonly width: number;
  /** Affine maps of a head before its last; published: 4. */
  readonly headLayers: number;
  /** Length of the encoded state, which is a token before the queries; null for a model that reads none. */
  readonly stateDim: number | null;
}

/** What a model's configuration says of its choice policy. */
export interface ChoiceSettings extends Pick<ChoiceConfig, 'candidates' | 'headLayers'> {
  /** Action queries: the longest chunk. */
  readonly horizon: number;
}

const whole = z.number().int().positive();

/** The check of `choice` in a config.json. */
export const choiceSchema = z.strictObject({
  candidates: whole,
  horizon: whole,
  headLayers: z.number().int().min(0),
});

/** A head: `layers` [D, D] with GELU after each, then `out`. */
type ChoiceHead<T> = { readonly layers: readonly Linear<T>[]; readonly out: Linear<T> };

/** The queries' embeddings [H + 1, D] (the last asks for the scores), the two heads, and what makes a token of the state. */
export type ChoicePolicy<T> = {
  readonly state?: { readonly in: Linear<T>; readonly out: Linear<T> };
  readonly queries: Embedding<T>;
  readonly action_head: ChoiceHead<T>;
  readonly score_head: ChoiceHead<T>;
};

/** Initial parameters. */
export function choicePolicySpec(c: ChoiceConfig): ChoicePolicy<ParameterSpec> {
  const head = (outputs: number): ChoiceHead<ParameterSpec> => ({
    layers: Array.from({ length: c.headLayers }, () => linearSpec(c.width, c.width, { bias: true, gain: Math.SQRT2 })),
    out: linearSpec(c.width, outputs, { bias: true }),
  });
  const { stateDim, width } = c;
  return {
    ...(stateDim === null
      ? {}
      : { state: { in: linearSpec(stateDim, width, { bias: true }), out: linearSpec(width, width, { bias: true }) } }),
    queries: embeddingSpec(c.horizon + 1, c.width, normal(0.5)),
    action_head: head(c.candidates * c.actionDim),
    score_head: head(c.candidates),
  };
}

/**
 * The tokens that follow the prompt of every sample: the state f32 [B, state], where it is read, the first H action queries and
 * the score query, [B, H + 1 (+ 1), D].
 */
export function choiceTokens(p: ChoicePolicy<Value>, B: number, H: number, state: Value | null): Value {
  const { weight } = p.queries;
  const [count, D] = weight.shape as readonly [number, number];
  const asked = H + 1 === count ? weight : concat([slice(weight, 0, 0, H), slice(weight, 0, count - 1, count)], 0);
  const queries = expand(reshape(asked, [1, H + 1, D]), [B, H + 1, D]);
  if (p.state === undefined) return queries;
  invariant(state !== null, 'the choice policy reads the state');
  const encoded = linear(p.state.out, gelu(linear(p.state.in, state), { approximate: 'tanh' }));
  return concat([reshape(encoded, [B, 1, D]), queries], 1);
}

/** What a choice policy proposes. */
export interface Choices {
  /** [B, C, H, A], normalised. */
  readonly candidates: Value;
  /** [B, C]: the mean absolute error that each candidate is thought to have; the lowest is the best. */
  readonly scores: Value;
}

/** Proposals from the hidden states [B, H + 1, D] of the query tokens, of which the last H + 1 of a longer run are read. */
export function proposeChoices(p: ChoicePolicy<Value>, hidden: Value, H: number, c: ChoiceConfig): Choices {
  const { B, T } = dims(hidden, 'B T D', { D: c.width });
  const actions = runHead(p.action_head, slice(hidden, 1, T - H - 1, T - 1));
  const byCandidate = transpose(reshape(actions, [B, H, c.candidates, c.actionDim]), [0, 2, 1, 3]);
  const scores = runHead(p.score_head, slice(hidden, 1, T - 1, T));
  return { candidates: byCandidate, scores: reshape(scores, [B, c.candidates]) };
}

function runHead(p: ChoiceHead<Value>, x: Value): Value {
  const inner = p.layers.reduce((y, layer) => gelu(linear(layer, y), { approximate: 'tanh' }), x);
  return linear(p.out, inner);
}

/** The two losses, each a mean over the samples that have actions. */
export interface ChoiceLosses {
  /** The masked mean absolute error of the best candidate. */
  readonly winner: Value;
  /** The mean square of scores minus the candidates' errors, which learn nothing from it. */
  readonly score: Value;
  /** Their sum. */
  readonly loss: Value;
}

/** Losses against actions and mask [B, H, A]; a sample whose mask is all 0 does not count. */
export function choiceLosses({ candidates, scores }: Choices, actions: Value, mask: Value): ChoiceLosses {
  const { B, C, H, A } = dims(candidates, 'B C H A');
  const counts = reduceSum(mask, [1, 2]);
  const shared = (x: Value): Value => reshape(x, [B, 1, H, A]);
  const difference = mul(abs(sub(candidates, shared(actions))), shared(mask));
  const errors = div(reduceSum(difference, [2, 3]), reshape(maximum(counts, 1), [B, 1]));
  // Masks are 0 or 1: the larger of all entries says whether the sample has actions.
  const present = reduceMax(mask, [1, 2]);
  const samples = maximum(reduceSum(present), 1);
  const winner = div(reduceSum(mul(neg(reduceMax(neg(errors), [1])), present)), samples);
  const misjudged = sub(scores, stopGradient(errors));
  const perSample = div(reduceSum(mul(misjudged, misjudged), [1]), constant(C));
  const score = div(reduceSum(mul(perSample, present)), samples);
  return { winner, score, loss: add(winner, score) };
}

/** The candidate with the lowest score, [B, H, A]. */
export function pickChoice({ candidates, scores }: Choices): Value {
  const { B, C } = dims(candidates, 'B C H A');
  const chosen = reshape(oneHot(argMax(neg(scores), 1), C), [B, C, 1, 1]);
  return reduceSum(mul(candidates, chosen), [1]);
}
