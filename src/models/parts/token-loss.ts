/**
 * @file Next-token cross-entropy on text and action tokens. Most places of a prompt are not targets, and the projection
 * onto the vocabulary is the most expensive map of a small model: only the hidden states before a target are projected.
 *
 * Axes: B batch, T tokens, D width, P target places per sample, V vocabulary.
 */

import { VlaError } from '../../base/errors.ts';
import { i64, zeros, type Tensor } from '../../base/tensor.ts';
import {
  add,
  cast,
  constant,
  crossEntropy,
  dims,
  div,
  gather,
  greater,
  maximum,
  mul,
  reduceSum,
  reshape,
  type Value,
} from '../../engine/index.ts';
import { linear, type Linear } from '../../nn/linear.ts';

/** The label of a place that is no target, as in PyTorch and transformers. */
export const IGNORED = -100;

/** Tokens [first, first + count) weigh `weight` times as much as text; 0 leaves them out. */
export interface TokenKind {
  readonly first: number;
  readonly count: number;
  readonly weight: number;
}

/** The targets of a batch, as feeds. */
export interface TokenTargets {
  /** i64 [B, P]: the place whose hidden state predicts the target (the one before it). */
  readonly places: Tensor<'i64'>;
  /** i64 [B, P]: the target's token. */
  readonly labels: Tensor<'i64'>;
  /** f32 [B, P]: the weight of its kind; 0 where a sample has fewer than P targets. */
  readonly weights: Tensor<'f32'>;
}

/**
 * Targets from labels as transformers has them: row b, place t holds the token at place t, or `IGNORED`. The first place is
 * never a target, since nothing comes before it. Throws `bad-argument` when a sample has more than `capacity`.
 */
export function collectTargets(
  labels: readonly (readonly number[])[],
  capacity: number,
  kinds: readonly TokenKind[] = [],
): TokenTargets {
  const shape = [labels.length, capacity];
  const targets: TokenTargets = {
    places: zeros('i64', shape),
    labels: zeros('i64', shape),
    weights: zeros('f32', shape),
  };
  for (const [b, row] of labels.entries()) {
    let at = 0;
    for (const [t, label] of row.entries()) {
      const weight = label === IGNORED || t === 0 ? 0 : weightOf(label, kinds);
      if (weight === 0) continue;
      if (at < capacity) {
        const i = b * capacity + at;
        targets.places.data[i] = BigInt(t - 1);
        targets.labels.data[i] = BigInt(label);
        targets.weights.data[i] = weight;
      }
      at++;
    }
    if (at > capacity) {
      throw new VlaError(
        'bad-argument',
        `token targets: sample ${b}: expected at most ${capacity} targets, got ${at}.`,
        {
          hint: 'Shorten the target text, or train with room for more.',
        },
      );
    }
  }
  return targets;
}

function weightOf(token: number, kinds: readonly TokenKind[]): number {
  return kinds.find(({ first, count }) => token >= first && token < first + count)?.weight ?? 1;
}

/** `TokenTargets` inside a graph. */
export type TokenTargetValues = { readonly [K in keyof TokenTargets]: Value };

/**
 * Logits [B, P, V] of the tokens that follow `places` i64 [B, P] in hidden states [B, T, D] (after the final norm). The
 * head is a map of its own [V, D], or the embedding table where a model ties the two.
 */
export function logitsAt(head: Linear<Value>, hidden: Value, places: Value): Value {
  const { B, T, D } = dims(hidden, 'B T D');
  const { P } = dims(places, 'B P', { B });
  const starts = constant(
    i64(
      Array.from({ length: B }, (_, b) => b * T),
      [B, 1],
    ),
  );
  const rows = gather(reshape(hidden, [B * T, D]), reshape(add(places, starts), [B * P]), 0);
  return reshape(linear(head, rows), [B, P, head.weight.shape[0]!]);
}

/** Σ weight · −log p(label) / max(number of targets, 1) over the batch; a scalar. */
export function tokenLoss(head: Linear<Value>, hidden: Value, targets: TokenTargetValues): Value {
  const losses = crossEntropy(logitsAt(head, hidden, targets.places), targets.labels);
  const counted = reduceSum(cast(greater(targets.weights, 0), 'f32'));
  return div(reduceSum(mul(losses, targets.weights)), maximum(counted, 1));
}
