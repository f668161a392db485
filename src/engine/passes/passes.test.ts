/** @file Passes: what they remove, that results stay the same, and that the check finds broken graphs. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { f32 } from '../../base/tensor.ts';
import * as e from '../index.ts';
import type { Graph, Node } from '../graph.ts';
import { checkLegal } from './legal.ts';
import { optimise } from './optimise.ts';

const ops = (graph: Graph): string[] => graph.nodes.map((node) => node.op.name);

function optimised(build: () => void): string[] {
  return ops(optimise(e.trace(build)));
}

test('what no output needs is removed', () => {
  const left = optimised(() => {
    const x = e.input('x', 'f32', [3]);
    e.exp(x);
    e.output('y', e.neg(x));
  });
  assert.deepEqual(left, ['neg']);
});

test('equal expressions are computed once', () => {
  const left = optimised(() => {
    const x = e.input('x', 'f32', [3, 4]);
    e.output('y', e.add(e.reduceSum(e.exp(x), [1]), e.reduceSum(e.exp(x), [1])));
    e.output('z', e.reduceSum(e.exp(x), [0]));
  });
  assert.deepEqual(left, ['exp', 'reduceSum', 'add', 'reduceSum']);
});

test('chains of reshapes and transposes fall together', () => {
  const left = optimised(() => {
    const x = e.input('x', 'f32', [2, 3, 4]);
    e.output('same', e.reshape(e.reshape(x, [6, 4]), [2, 3, 4]));
    e.output('one', e.reshape(e.reshape(x, [24]), [4, 6]));
    e.output('back', e.transpose(e.transpose(x, [1, 2, 0]), [2, 0, 1]));
    e.output('turned', e.transpose(e.transpose(x, [1, 0, 2]), [2, 0, 1]));
  });
  assert.deepEqual(left, ['reshape', 'transpose']);
});

test('an expanded operand is left to broadcasting, unless the shape would shrink', () => {
  const left = optimised(() => {
    const x = e.input('x', 'f32', [3, 1]);
    const y = e.input('y', 'f32', [3, 4]);
    e.output('a', e.mul(e.expand(x, [3, 4]), y));
    e.output('b', e.add(e.expand(x, [3, 5]), 1));
  });
  assert.deepEqual(left, ['mul', 'expand', 'add']);
});

test('small results of constants are constants', () => {
  const graph = optimise(
    e.trace(() => {
      const x = e.input('x', 'f32', [2]);
      e.output('y', e.mul(x, e.exp(e.add(e.constant([0, 1]), 1))));
    }),
  );
  assert.deepEqual(ops(graph), ['mul']);
});

test('a transformer step computes the same before and after, with fewer nodes', async () => {
  const build = (): void => {
    const x = e.input('x', 'f32', [2, 3, 4]);
    const w = e.input('w', 'f32', [4, 4]);
    const heads = e.transpose(
      e.reshape(e.linear(e.rmsNorm(x, e.constant([1, 1, 1, 1]), 1e-6), w), [2, 3, 2, 2]),
      [0, 2, 1, 3],
    );
    const mixed = e.matmul(e.softmax(e.matmul(heads, heads, { transB: true, alpha: 0.7 })), heads);
    const y = e.add(x, e.reshape(e.transpose(mixed, [0, 2, 1, 3]), [2, 3, 4]));
    const loss = e.reduceMean(e.mul(y, y));
    e.output('loss', loss);
    e.output('g', e.gradient(loss, [w])[0]!);
  };
  const before = e.trace(build);
  const after = optimise(before);
  assert.ok(after.nodes.length < 0.85 * before.nodes.length, `${before.nodes.length} → ${after.nodes.length} nodes`);
  const feeds = {
    x: f32(
      Array.from({ length: 24 }, (_, i) => Math.sin(i)),
      [2, 3, 4],
    ),
    w: f32(
      Array.from({ length: 16 }, (_, i) => Math.cos(i * i)),
      [4, 4],
    ),
  };
  const sessions = await Promise.all(
    [before, after].map((g) => e.createSession(g, { runtime: 'reference', precision: 'f64' })),
  );
  const [a, b] = await Promise.all(sessions.map((session) => session.run(feeds)));
  for (const name of ['loss', 'g']) {
    const [left, right] = [a![name]!.data as Float32Array, b![name]!.data as Float32Array];
    for (const [i, value] of left.entries())
      assert.ok(Math.abs(value - right[i]!) <= 1e-6, `${name}[${i}]: ${value}, ${right[i]}`);
  }
});

test('the check finds a node that reads what does not exist yet, and one of another type', () => {
  const graph = e.trace(() => {
    const x = e.input('x', 'f32', [3]);
    e.output('y', e.exp(e.neg(x)));
  });
  checkLegal(graph, 'test');
  assert.throws(() => checkLegal({ ...graph, nodes: graph.nodes.toReversed() }, 'test'), /read before it exists/);
  const [first, second] = graph.nodes as [Node, Node];
  const wrong: Node = { ...first, outputs: [] };
  assert.throws(() => checkLegal({ ...graph, nodes: [wrong, second] }, 'test'), /neg has 0 outputs/);
  const unknown: Node = { ...first, op: { ...first.op } };
  assert.throws(() => checkLegal({ ...graph, nodes: [unknown, second] }, 'test'), /not in the table/);
});
