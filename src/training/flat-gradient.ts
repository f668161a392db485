/** @file Loss and gradient of a trainable, traced as functions of one flat parameter vector. */

import {
  concat,
  constant,
  expand,
  gradientsReaching,
  input,
  mul,
  output,
  reshape,
  split,
  weight,
  type GradientOptions,
  type Value,
} from '../engine/index.ts';
import { mapTree, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import type { FlatLayout } from './flat-parameters.ts';
import type { Trainable } from './trainable.ts';

/** Inputs and outputs of a step's graph that are not the trainable's own start with this. */
export const OWN = 'step.';

/** A traced loss. */
export interface FlatGradient {
  /** f32 [layout.count]. */
  readonly gradient: Value;
  /** Which entries of the layout it reaches; it is 0 at the others. */
  readonly reached: readonly boolean[];
  readonly loss: Value;
  readonly metrics: Readonly<Record<string, Value>>;
}

/**
 * Appends inputs, forward pass and backward pass; `weights` and the gradient are f32 [layout.count]. What is frozen becomes
 * weights of the graph, and no gradient reaches it. With a `scale` (f32 []) the gradient is that of the loss times it.
 */
export function flatGradient(
  trainable: Trainable,
  layout: FlatLayout,
  weights: Value,
  options: GradientOptions = {},
  scale: Value | null = null,
): FlatGradient {
  const leaves = splitVector(layout, weights);
  const byName = new Map(layout.entries.map(({ name }, i) => [name, leaves[i]!]));
  const tree: Tree<Value> = mapTree<Tree<ParameterSpec>, ParameterSpec, Value>(trainable.parameters, (_, name) =>
    byName.get(name)!,
  );
  const feeds = Object.fromEntries(
    Object.entries(trainable.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const frozen = Object.fromEntries(
    Object.entries(trainable.frozen ?? {}).map(([name, { dtype, shape }]) => [name, weight(name, dtype, shape)]),
  );
  const { loss, metrics } = trainable.loss(tree, feeds, frozen);
  const found = gradientsReaching(scale === null ? loss : mul(loss, scale), leaves, options);
  const pieces = found.map((piece, i) => {
    const size = [layout.entries[i]!.count];
    return piece === null ? expand(constant(0), size) : reshape(piece, size);
  });
  return { gradient: concat(pieces, 0), reached: found.map((piece) => piece !== null), loss, metrics };
}

/** Makes scalars one output vector, `step.scalars`; returns the names of its elements. */
export function outputScalars(scalars: Readonly<Record<string, Value>>): readonly string[] {
  const elements = Object.values(scalars).map((value) => reshape(value, [1]));
  output(`${OWN}scalars`, concat(elements, 0));
  return Object.keys(scalars);
}

/** The parameters as pieces of the vector, in their own shapes. */
export function splitVector(layout: FlatLayout, vector: Value): Value[] {
  const sizes = layout.entries.map(({ count }) => count);
  const pieces = sizes.length === 1 ? [vector] : split(vector, 0, sizes);
  return pieces.map((piece, i) => reshape(piece, layout.entries[i]!.shape));
}
