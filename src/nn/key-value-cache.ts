/**
 * @file Keys and values of earlier tokens, kept between the runs of a graph: a cache of fixed size, into which a run writes its
 * own tokens and of which each token sees what is not after it. What lies behind the last token is never seen, so a cache
 * need not be cleared.
 *
 * Axes: T tokens of this run (may be named), S places of the cache, K key-value heads, d features of a head.
 */

import { f32 } from '../base/tensor.ts';
import {
  add,
  cast,
  constant,
  equal,
  lessOrEqual,
  matmul,
  mul,
  reduceSum,
  reshape,
  sub,
  where,
  type Value,
} from '../engine/index.ts';
import { HIDDEN, type KeysAndValues } from './attention.ts';

/** What the layers of one run share. */
export interface CachePlaces {
  /** [S, T]: 1 where a token of this run goes. */
  readonly writes: Value;
  /** [S, 1]: 1 where the cache stays. */
  readonly keeps: Value;
  /** [1, 1, T, S], added to scores: 0 for places up to the token's own, `HIDDEN` behind it. */
  readonly mask: Value;
}

/** For tokens that go to `places` f32 [T] (whole numbers, ascending) of a cache of `capacity` places. */
export function cachePlaces(places: Value, capacity: number): CachePlaces {
  const [T] = places.shape;
  const all = Float32Array.from({ length: capacity }, (_, place) => place);
  const writes = cast(equal(reshape(places, [1, T!]), constant(f32(all, [capacity, 1]))), 'f32');
  const seen = lessOrEqual(constant(f32(all, [1, 1, 1, capacity])), reshape(places, [1, 1, T!, 1]));
  return {
    writes,
    keeps: sub(1, reduceSum(writes, [1], { keepDims: true })),
    mask: where(seen, 0, HIDDEN),
  };
}

/** A cache [1, K, S, d] with the keys and values [1, K, T, d] of this run at their places. */
export function writeCache(cache: KeysAndValues, own: KeysAndValues, { writes, keeps }: CachePlaces): KeysAndValues {
  const write = (before: Value, fresh: Value): Value => add(mul(before, keeps), matmul(writes, fresh));
  return { keys: write(cache.keys, own.keys), values: write(cache.values, own.values) };
}
