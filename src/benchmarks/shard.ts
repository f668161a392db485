/** @file A part of an evaluation, for one of several machines. */

import { VlaError } from '../base/errors.ts';

/** Part `index` of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** "2/4" as a shard; throws `bad-argument`. */
export function parseShard(text: string): Shard {
  const found = /^(\d{1,4})\/(\d{1,4})$/.exec(text);
  const [index, count] = [Number(found?.[1]), Number(found?.[2])];
  if (found !== null && index >= 1 && index <= count) return { index, count };
  throw new VlaError('bad-argument', `--shard: expected i/n with i from 1 to n, got "${text}".`, {
    hint: 'For example --shard 1/4 on the first of four machines.',
  });
}

/** The shard's share of a list: neighbours stay together, and shares differ by at most one. */
export function shardOf<T>(list: readonly T[], shard: Shard | null): readonly T[] {
  if (shard === null) return list;
  const { index, count } = shard;
  const at = (i: number): number => Math.floor((i * list.length) / count);
  return list.slice(at(index - 1), at(index));
}
