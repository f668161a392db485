/** @file All parameters of a model as one vector: where each lies in it, its first values, and the way back to names. */

import { VlaError, invariant } from '../base/errors.ts';
import { elementCount, type Tensor } from '../base/tensor.ts';

/** One parameter's place in the vector. */
export interface FlatEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly count: number;
}

/** The order of parameters in the vector is the order of the parameter tree. */
export interface FlatLayout {
  readonly entries: readonly FlatEntry[];
  /** Length of the vector. */
  readonly count: number;
}

/** The layout of parameters given as [dotted name, spec]. Training is in f32. */
export function flatLayout(
  parameters: readonly (readonly [string, { readonly dtype: string; readonly shape: readonly number[] }])[],
): FlatLayout {
  let offset = 0;
  const entries = parameters.map(([name, { dtype, shape }]) => {
    if (dtype !== 'f32') {
      throw new VlaError('unsupported', `training: parameter "${name}": expected f32, got ${dtype}.`, {
        hint: 'Convert the weights to f32 before training.',
      });
    }
    const count = elementCount(shape);
    const entry = { name, shape, offset, count };
    offset += count;
    return entry;
  });
  invariant(new Set(entries.map(({ name }) => name)).size === entries.length, 'parameter names are unique');
  return { entries, count: offset };
}

/** The vector of named tensors. */
export function joinParameters(layout: FlatLayout, tensors: Readonly<Record<string, Tensor>>): Tensor<'f32'> {
  const data = new Float32Array(layout.count);
  for (const { name, offset, count } of layout.entries) {
    const part = tensors[name]?.data;
    invariant(part instanceof Float32Array && part.length === count, `parameter "${name}" has ${count} f32 values`);
    data.set(part, offset);
  }
  return { dtype: 'f32', shape: [layout.count], data };
}

/** The named tensors of a vector; their data are views into it. */
export function nameParameters(layout: FlatLayout, vector: Tensor): Record<string, Tensor> {
  const { data } = vector;
  invariant(data instanceof Float32Array && data.length === layout.count, 'the vector fits its layout');
  return Object.fromEntries(
    layout.entries.map(({ name, shape, offset, count }) => [
      name,
      { dtype: 'f32', shape, data: data.subarray(offset, offset + count) } satisfies Tensor,
    ]),
  );
}

/**
 * Which elements of the vector are decayed (1). Weight decay is for matrices: gains, biases and other vectors keep their scale. What
 * no gradient reaches (`reached`, by entry; left out: one reaches all) keeps its values altogether.
 */
export function decayMask({ entries, count: total }: FlatLayout, reached?: readonly boolean[]): Uint8Array {
  const mask = new Uint8Array(total);
  for (const [i, { shape, offset, count }] of entries.entries()) {
    if (shape.length > 1 && reached?.[i] !== false) mask.fill(1, offset, offset + count);
  }
  return mask;
}
