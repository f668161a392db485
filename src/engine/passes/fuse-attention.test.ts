/** @file Attention in one kernel: where it is put in, that layouts cancel, and that results stay those of the plain operators. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import {
  attention,
  createSession,
  gradient,
  input,
  output,
  reduceSum,
  reshape,
  trace,
  transpose,
  type Value,
} from '../index.ts';
import { removeDeadCode } from './dead-code.ts';
import { fuseAttention } from './fuse-attention.ts';
import { checkLegal } from './legal.ts';
import { optimise } from './optimise.ts';
import { simplify } from './simplify.ts';

const [B, T, S, HEADS, KEY_HEADS, D] = [2, 5, 7, 4, 2, 8];
const heads = (name: string, length: number, count: number): Value =>
  transpose(reshape(input(name, 'f32', [B, length, count * D]), [B, length, count, D]), [0, 2, 1, 3]);
const merged = (x: Value): Value => reshape(transpose(x, [0, 2, 1, 3]), [B, T, HEADS * D]);

/** Attention as models write it: with as many key heads as heads, then with fewer and a mask of keys. */
const graph = trace(() => {
  const q = heads('q', T, HEADS);
  output('plain', merged(attention(q, heads('k', S, HEADS), heads('v', S, HEADS), null, { scale: 0.3 })));
  const mask = input('mask', 'f32', [B, 1, 1, S]);
  output('masked', merged(attention(q, heads('k2', S, KEY_HEADS), heads('v2', S, KEY_HEADS), mask, { scale: 0.3 })));
});

test('without a mask all transposes cancel; a mask of keys is spread over the queries', () => {
  const fused = removeDeadCode(simplify(fuseAttention(optimise(graph))));
  checkLegal(fused, 'fused attention');
  const producers = (name: string): string[] => {
    const names: string[] = [];
    const visit = (value: Value): void => {
      if (value.source.kind !== 'node') return;
      names.push(value.source.node.op.name);
      value.source.node.inputs.forEach(visit);
    };
    visit(fused.outputs[name]!);
    return names;
  };
  assert.deepEqual(producers('plain'), ['headsAttention']);
  assert.deepEqual(
    producers('masked').filter((op) => op !== 'reshape'),
    ['transpose', 'maskedAttention', 'transpose', 'transpose', 'transpose', 'expand'],
  );
});

test('attention that a gradient flows through keeps its weights', () => {
  const training = trace(() => {
    const q = heads('q', T, HEADS);
    const loss = reduceSum(attention(q, heads('k', S, HEADS), heads('v', S, HEADS), null, { scale: 0.3 }));
    output('g', gradient(loss, [q])[0]!);
  });
  const names = fuseAttention(optimise(training)).nodes.map(({ op }) => op.name);
  assert.ok(names.includes('attention') && !names.includes('headsAttention'));
});

test('results are those of the reference', async (t) => {
  const random = new Random(2);
  const feeds: Record<string, Tensor> = Object.fromEntries(
    Object.entries(graph.inputs).map(([name, { shape }]) => {
      const count = (shape as number[]).reduce((a, b) => a * b, 1);
      const draw = name === 'mask' ? () => (random.uniform() < 0.3 ? -1e9 : 0) : () => random.normal();
      return [name, f32(Float32Array.from({ length: count }, draw), shape as number[])];
    }),
  );
  const [cpu, reference] = await Promise.all(
    (['cpu', 'reference'] as const).map(async (runtime) => {
      const session = await createSession(graph, { runtime });
      t.after(() => session.close());
      return session.run(feeds);
    }),
  );
  for (const name of ['plain', 'masked']) {
    for (const [i, value] of (cpu![name]!.data as Float32Array).entries()) {
      assert.ok(Math.abs(value - Number(reference![name]!.data[i])) < 1e-5, `${name}[${i}]`);
    }
  }
});
