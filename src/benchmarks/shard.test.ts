/** @file Shards: each episode is in one of them. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { parseShard, shardOf } from './shard.ts';

test('shards cover the list, in order, with sizes that differ by at most one', () => {
  for (const [length, count] of [
    [500, 4],
    [10, 3],
    [2, 5],
  ] as const) {
    const list = [...Array(length).keys()];
    const parts = Array.from({ length: count }, (_, i) => shardOf(list, { index: i + 1, count }));
    assert.deepEqual(parts.flat(), list);
    const sizes = parts.map((part) => part.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, sizes.join());
  }
  assert.deepEqual(shardOf([1, 2], null), [1, 2]);
});

test('what is no shard is refused', () => {
  assert.deepEqual(parseShard('2/4'), { index: 2, count: 4 });
  for (const text of ['0/4', '5/4', '1', '1/0', 'a/b', '1/4/2', '']) {
    assert.throws(() => parseShard(text), /--shard: expected i\/n/);
  }
});
