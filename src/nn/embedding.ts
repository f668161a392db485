/** @file Tables of learned vectors. */

import { gather, type Value } from '../engine/index.ts';
import { parameter, type Init, type ParameterSpec } from './parameters.ts';

/** weight [count, D]. */
export type Embedding<T> = { readonly weight: T };

/** A table of `count` vectors. */
export function embeddingSpec(count: number, width: number, init: Init): Embedding<ParameterSpec> {
  return { weight: parameter([count, width], init) };
}

/** Rows of the table: int64 ids [...] in [0, count) → [..., D]. */
export function embedding(p: Embedding<Value>, ids: Value): Value {
  return gather(p.weight, ids, 0);
}
