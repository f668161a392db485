/**
 * @file Heads that teach the encoder what a simulator or an annotator knows: where the target is in the image and in space,
 * which part of the task comes next. They exist while training; policies ignore them.
 *
 * Axes: B batch, D width, M image tokens.
 */

import { VlaError, lookUp } from '../../base/errors.ts';
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

type Pointer<T> = { readonly query: Linear<T>; readonly key: Linear<T> };
type Readout<T> = { readonly out: Linear<T> };

/** Names under `supervision`. */
export type SupervisionHeads<T> = { readonly [name: string]: Pointer<T> | Readout<T> };

/** Initial parameters of heads that read states of `width` features. */
export function supervisionSpec(heads: SupervisionConfig, width: number): SupervisionHeads<ParameterSpec> {
  return Object.fromEntries(
    Object.entries(heads).map(([name, head]): [string, Pointer<ParameterSpec> | Readout<ParameterSpec>] => {
      switch (head.kind) {
        case 'pointer':
          return [
            name,
            { query: linearSpec(width, width, { bias: true }), key: linearSpec(width, width, { bias: true }) },
          ];
        case 'values':
          return [name, { out: linearSpec(width, head.size, { bias: true, gain: 0.3 }) }];
        case 'class':
          return [name, { out: linearSpec(width, head.classes, { bias: true, gain: 0.3 }) }];
      }
    }),
  );
}

/** The inputs that the heads read, with their sizes per sample. */
export function supervisionInputs(heads: SupervisionConfig, layout: TokenLayout): Record<string, number> {
  const sizes: Record<string, number> = {};
  for (const head of Object.values(heads)) {
    sizes[head.input] =
      head.kind === 'pointer'
        ? imageTokens(layout, head.camera).count
        : head.kind === 'values'
          ? head.size
          : head.classes;
    if (head.kind === 'values' && head.mask !== null) sizes[head.mask] = 1;
  }
  return sizes;
}

/** Each head's loss: `hidden` [B, S, D] holds the image tokens, `readout` [B, D] has seen the whole prompt. */
export function supervisionLosses(
  p: SupervisionHeads<Value>,
  heads: SupervisionConfig,
  hidden: Value,
  readout: Value,
  layout: TokenLayout,
  inputs: Readonly<Record<string, Value>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(heads).map(([name, head]) => {
      const target = lookUp('supervision input', head.input, inputs);
      const { B, D } = dims(readout, 'B D');
      const parameters = p[name]!;
      if (head.kind === 'pointer' && 'query' in parameters) {
        const { start, count } = imageTokens(layout, head.camera);
        const keys = linear(parameters.key, slice(hidden, 1, start, start + count));
        const query = reshape(linear(parameters.query, readout), [B, D, 1]);
        return [name, oneHotCrossEntropy(reshape(matmul(keys, query, { alpha: D ** -0.5 }), [B, count]), target)];
      }
      if (!('out' in parameters)) throw new VlaError('bad-argument', `supervision head "${name}": other parameters.`);
      const out = linear(parameters.out, readout);
      if (head.kind !== 'values') return [name, oneHotCrossEntropy(out, target)];
      const mask = head.mask === null ? constant(1) : lookUp('supervision mask', head.mask, inputs);
      return [name, maskedMeanSquare(out, target, expand(mask, [B, head.size]))];
    }),
  );
}

/** −Σ target · log softmax(logits) / max(rows with a target, 1). */
function oneHotCrossEntropy(logits: Value, target: Value): Value {
  return div(neg(reduceSum(mul(target, logSoftmax(logits)))), maximum(reduceSum(target), constant(1)));
}

function imageTokens(layout: TokenLayout, camera: string): TokenLayout['images'][number] {
  return lookUp('camera of a pointer', camera, Object.fromEntries(layout.images.map((image) => [image.camera, image])));
}
