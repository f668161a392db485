/** @file Attention to a prefix: draws that share it see it and themselves, as if each were alone. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../base/random.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import { createSession, input, output, trace } from '../engine/index.ts';
import { HIDDEN, attendWithPrefix, blockMask } from './attention.ts';

const [B, HEADS, GROUPS, T, S, D, DRAWS] = [2, 4, 2, 3, 5, 6, 3];

function random(shape: readonly number[], seed: number): Tensor<'f32'> {
  const stream = new Random(seed);
  return f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => stream.normal()),
    shape,
  );
}

const prefix = { keys: random([B, GROUPS, S, D], 1), values: random([B, GROUPS, S, D], 2) };
/** The second context has one token less. */
const seen = (b: number, s: number): boolean => b === 0 || s < S - 1;
const prefixMask = f32(
  Array.from({ length: B * S }, (_, i) => (seen(Math.floor(i / S), i % S) ? 0 : HIDDEN)),
  [B, 1, 1, S],
);
const q = random([B, HEADS, DRAWS * T, D], 3);
const own = { keys: random([B, GROUPS, DRAWS * T, D], 4), values: random([B, GROUPS, DRAWS * T, D], 5) };
const causal = (query: number, key: number): boolean => key <= query;

/** One query's output by the definition: softmax over the prefix's and the own draw's tokens that it sees. */
function expected(b: number, head: number, t: number): number[] {
  const group = Math.floor((head * GROUPS) / HEADS);
  const draw = Math.floor(t / T);
  const row = (x: Tensor<'f32'>, heads: number, h: number, length: number, at: number): number[] =>
    [...x.data].slice(((b * heads + h) * length + at) * D, ((b * heads + h) * length + at + 1) * D);
  const query = row(q, HEADS, head, DRAWS * T, t);
  const pairs: [number[], number[]][] = [];
  for (let s = 0; s < S; s++) {
    if (seen(b, s)) pairs.push([row(prefix.keys, GROUPS, group, S, s), row(prefix.values, GROUPS, group, S, s)]);
  }
  for (let key = 0; key < T; key++) {
    if (!causal(t % T, key)) continue;
    const at = draw * T + key;
    pairs.push([row(own.keys, GROUPS, group, DRAWS * T, at), row(own.values, GROUPS, group, DRAWS * T, at)]);
  }
  const weights = pairs.map(([key]) => Math.exp(key.reduce((sum, x, i) => sum + x * query[i]!, 0) / Math.sqrt(D)));
  const total = weights.reduce((a, b) => a + b);
  return query.map((_, i) => pairs.reduce((sum, [, value], j) => sum + (weights[j]! * value[i]!) / total, 0));
}

test('draws see the prefix and themselves, and nothing of each other', async () => {
  const graph = trace(() => {
    const read = (name: string, { shape }: Tensor) => input(name, 'f32', shape);
    const context = {
      keys: read('prefixKeys', prefix.keys),
      values: read('prefixValues', prefix.values),
      mask: read('mask', prefixMask),
    };
    const tokens = { keys: read('keys', own.keys), values: read('values', own.values) };
    output('y', attendWithPrefix(read('q', q), tokens, context, blockMask(T, DRAWS, causal)));
  });
  const session = await createSession(graph, { runtime: 'reference' });
  const { y } = await session.run({
    q,
    keys: own.keys,
    values: own.values,
    prefixKeys: prefix.keys,
    prefixValues: prefix.values,
    mask: prefixMask,
  });
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < DRAWS * T; t++) {
      const want = Array.from({ length: HEADS }, (_, head) => expected(b, head, t)).flat();
      const got = [...(y!.data as Float32Array)].slice(
        (b * DRAWS * T + t) * HEADS * D,
        (b * DRAWS * T + t + 1) * HEADS * D,
      );
      for (const [i, value] of want.entries()) assert.ok(Math.abs(got[i]! - value) < 1e-5, `${b}, ${t}, ${i}`);
    }
  }
});

test('a mask that hides nothing is no mask', () => {
  trace(() => {
    assert.equal(
      blockMask(4, 1, () => true),
      null,
    );
    assert.notEqual(
      blockMask(4, 2, () => true),
      null,
    );
  });
});
