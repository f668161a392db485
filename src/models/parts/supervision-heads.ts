/**
 * @file Heads that teach the encoder what a simulator or an annotator knows: where the target is in the image and in space,
 * which part of the task comes next. They exist while training; policies ignore them.
 *
 * Axes: B batch, D width, M image tokens.
 */

import { z } from 'zod';
import { invariant, lookUp } from '../../base/errors.ts';
import type { TokenLayout } from '../../codec/prompt.ts';
import {
  constant,
  dims,
  div,
  expand,
  logSoftmax,
  matmul,
  maximum,
  mul,
  neg,
  reduceSum,
  reshape,
  slice,
  type Value,
} from '../../engine/index.ts';
import { linear, linearSpec, type Linear } from '../../nn/linear.ts';
import type { ParameterSpec } from '../../nn/parameters.ts';
import { maskedMeanSquare } from './flow-matching.ts';

/**
 * One head; `input` names the training input that holds its target, `weight` is its share of the loss.
 * `pointer`: which image token of `camera` (one-hot [B, M], zeros where there is none).
 * `values`: `size` numbers [B, size]; `mask` names an input [B, 1] that switches rows off, or is null.
 * `class`: which of `classes` (one-hot [B, classes]).
 */
export type SupervisionHead =
  | { readonly kind: 'pointer'; readonly input: string; readonly weight: number; readonly camera: string }
  | {
      readonly kind: 'values';
      readonly input: string;
      readonly weight: number;
      readonly size: number;
      readonly mask: string | null;
    }
  | { readonly kind: 'class'; readonly input: string; readonly weight: number; readonly classes: number };

/** Heads by name. */
export type SupervisionConfig = Readonly<Record<string, SupervisionHead>>;

const weight = z.number().min(0);
const whole = z.number().int().positive();

/** The check of the heads in a config.json. */
export const supervisionSchema = z.record(
  z.string(),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('pointer'), input: z.string(), weight, camera: z.string() }),
    z.strictObject({
      kind: z.literal('values'),
      input: z.string(),
      weight,
      size: whole,
      mask: z.string().nullable(),
    }),
    z.strictObject({ kind: z.literal('class'), input: z.string(), weight, classes: whole }),
  ]),
);

/** A pointer has a query and a key, the other heads one affine map. */
type HeadParameters<T> = { readonly query: Linear<T>; readonly key: Linear<T> } | { readonly out: Linear<T> };

/** Names under `supervision`. */
export type SupervisionHeads<T> = { readonly [name: string]: HeadParameters<T> };

/** What a loss is computed from. */
export interface HeadContext {
  /** Hidden states [B, S, D] with the image tokens at the places of `layout`. */
  readonly hidden: Value;
  /** The state that has seen the whole prompt, [B, D]. */
  readonly readout: Value;
  readonly layout: TokenLayout;
  /** Targets and masks by name. */
  readonly inputs: Readonly<Record<string, Value>>;
}

interface HeadKind<H extends SupervisionHead> {
  spec(head: H, width: number): HeadParameters<ParameterSpec>;
  /** Sizes per sample of the inputs that it reads. */
  inputs(head: H, layout: TokenLayout): Readonly<Record<string, number>>;
  loss(p: HeadParameters<Value>, head: H, context: HeadContext): Value;
}

const KINDS: { readonly [K in SupervisionHead['kind']]: HeadKind<Extract<SupervisionHead, { kind: K }>> } = {
  pointer: {
    spec: (_, width) => ({
      query: linearSpec(width, width, { bias: true }),
      key: linearSpec(width, width, { bias: true }),
    }),
    inputs: (head, layout) => ({ [head.input]: imageTokens(layout, head.camera).count }),
    loss(p, head, { hidden, readout, layout, inputs }) {
      invariant('query' in p, 'a pointer has a query and a key');
      const { B, D } = dims(readout, 'B D');
      const { start, count } = imageTokens(layout, head.camera);
      const keys = linear(p.key, slice(hidden, 1, start, start + count));
      const query = reshape(linear(p.query, readout), [B, D, 1]);
      const logits = reshape(matmul(keys, query, { alpha: D ** -0.5 }), [B, count]);
      return oneHotCrossEntropy(logits, target(head, inputs));
    },
  },
  values: {
    spec: (head, width) => ({ out: linearSpec(width, head.size, { bias: true, gain: 0.3 }) }),
    inputs: (head) => ({ [head.input]: head.size, ...(head.mask === null ? {} : { [head.mask]: 1 }) }),
    loss(p, head, { readout, inputs }) {
      const { B } = dims(readout, 'B D');
      const mask = head.mask === null ? constant(1) : lookUp('supervision mask', head.mask, inputs);
      return maskedMeanSquare(readOut(p, readout), target(head, inputs), expand(mask, [B, head.size]));
    },
  },
  class: {
    spec: (head, width) => ({ out: linearSpec(width, head.classes, { bias: true, gain: 0.3 }) }),
    inputs: (head) => ({ [head.input]: head.classes }),
    loss: (p, head, { readout, inputs }) => oneHotCrossEntropy(readOut(p, readout), target(head, inputs)),
  },
};

/** The kind of a head; the table pairs each kind with its own type of head. */
const kindOf = (head: SupervisionHead): HeadKind<SupervisionHead> =>
  KINDS[head.kind] as unknown as HeadKind<SupervisionHead>;

/** Initial parameters of heads that read states of `width` features. */
export function supervisionSpec(heads: SupervisionConfig, width: number): SupervisionHeads<ParameterSpec> {
  return mapEntries(heads, (head) => kindOf(head).spec(head, width));
}

/** The inputs that the heads read, with their sizes per sample. */
export function supervisionInputs(heads: SupervisionConfig, layout: TokenLayout): Record<string, number> {
  return Object.assign({}, ...Object.values(heads).map((head) => kindOf(head).inputs(head, layout))) as Record<
    string,
    number
  >;
}

/** Each head's loss, a scalar. */
export function supervisionLosses(
  p: SupervisionHeads<Value>,
  heads: SupervisionConfig,
  context: HeadContext,
): Record<string, Value> {
  return mapEntries(heads, (head, name) => kindOf(head).loss(p[name]!, head, context));
}

function mapEntries<A, B>(record: Readonly<Record<string, A>>, f: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value, name)]));
}

const target = (head: SupervisionHead, inputs: HeadContext['inputs']): Value =>
  lookUp('supervision input', head.input, inputs);

function readOut(p: HeadParameters<Value>, readout: Value): Value {
  invariant('out' in p, 'the head has one affine map');
  return linear(p.out, readout);
}

/** −Σ target · log softmax(logits) / max(rows with a target, 1). */
function oneHotCrossEntropy(logits: Value, oneHot: Value): Value {
  return div(neg(reduceSum(mul(oneHot, logSoftmax(logits)))), maximum(reduceSum(oneHot), constant(1)));
}

function imageTokens(layout: TokenLayout, camera: string): TokenLayout['images'][number] {
  return lookUp('camera of a pointer', camera, Object.fromEntries(layout.images.map((image) => [image.camera, image])));
}
