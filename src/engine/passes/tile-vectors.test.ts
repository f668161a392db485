/** @file Long vectors in pieces, and state as views: the same numbers bit for bit, without copies of the state. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Random } from '../../base/random.ts';
import { elementCount, f32, type Tensor } from '../../base/tensor.ts';
import type { Graph } from '../graph.ts';
import { fromTensor } from '../host-array.ts';
import * as e from '../index.ts';
import { interpret } from '../runtimes/reference.ts';
import { checkLegal } from './legal.ts';
import { optimise } from './optimise.ts';
import { viewState } from './state-views.ts';
import { tileVectors } from './tile-vectors.ts';

/** Parameters of a small network in one vector: 3 small ones, one matrix of several pieces, a rest. */
const SIZES = [4, 12, 4, 20 * 12, 20];
const COUNT = SIZES.reduce((a, b) => a + b, 0);
const STATE = { flat: 'flat.next', m: 'm.next' };

function momentumStep(): Graph {
  return e.trace(() => {
    const [flat, m] = ['flat', 'm'].map((name) => e.input(name, 'f32', [COUNT])) as [e.Value, e.Value];
    const x = e.input('x', 'f32', [3, 12]);
    const pieces = e.split(flat, 0, SIZES);
    const hidden = e.tanh(e.linear(e.mul(x, pieces[1]!), e.reshape(pieces[3]!, [20, 12]), pieces[4]!));
    const loss = e.add(e.reduceMean(e.mul(hidden, hidden)), e.reduceSum(e.mul(pieces[0]!, pieces[2]!)));
    const gradients = e.gradient(loss, pieces);
    const g = e.concat(gradients, 0);
    const norm = e.sqrt(e.reduceSumSquare(g));
    const decayed = e.constant({
      dtype: 'bool',
      shape: [COUNT],
      data: Uint8Array.from({ length: COUNT }, (_, i) => Number(i % 3 === 0)),
    });
    const next = e.add(e.mul(m, 0.9), e.mul(g, e.div(1, e.add(norm, 1))));
    const kept = e.mul(flat, e.where(decayed, 0.99, 1));
    e.output('loss', loss);
    e.output('flat.next', e.sub(kept, next));
    e.output('m.next', next);
    e.output('spread', e.reduceMax(e.abs(next)));
  });
}

function feeds(): Record<string, Tensor> {
  const random = new Random(3);
  const draw = (shape: readonly number[]): Tensor =>
    f32(
      Array.from({ length: elementCount(shape) }, () => random.normal()),
      shape,
    );
  return { flat: draw([COUNT]), m: draw([COUNT]), x: draw([3, 12]) };
}

function compute(graph: Graph, fed: Record<string, Tensor>): Record<string, readonly number[]> {
  const arrays = Object.fromEntries(Object.entries(fed).map(([name, x]) => [name, fromTensor(x, 'f32')]));
  return Object.fromEntries(
    Object.entries(interpret(graph, arrays, {}, {}, 'f32')).map(([name, y]) => [name, [...y.data]]),
  );
}

test('a step in pieces gives the same numbers', () => {
  const whole = optimise(momentumStep());
  const tiled = tileVectors(whole, { piece: 48, maxPieces: 100 });
  checkLegal(tiled, 'tiling');
  const tops = tiled.nodes.filter((node) => node.op.name === 'sub' && node.outputs[0]!.shape.length === 1);
  assert.deepEqual(
    tops.map((node) => node.outputs[0]!.shape[0]),
    [20, 48, 48, 48, 48, 48, 20],
    'small parameters together, the matrix in even pieces',
  );
  const [a, b] = [compute(whole, feeds()), compute(tiled, feeds())];
  // The norm is summed piece by piece, so the last bit of what depends on it may differ.
  for (const name of Object.keys(a)) {
    for (const [i, value] of a[name]!.entries()) {
      assert.ok(
        Math.abs(value - b[name]![i]!) <= 2e-7 * Math.max(1, Math.abs(value)),
        `${name}[${i}]: ${value}, ${b[name]![i]}`,
      );
    }
  }
});

test('state is read and written through views that cover it', () => {
  const tiled = tileVectors(optimise(momentumStep()), { piece: 48, maxPieces: 100 });
  const { graph, reads, writes } = viewState(tiled, STATE);
  checkLegal(graph, 'views');
  assert.deepEqual(
    Object.keys(graph.inputs).filter((name) => name === 'flat' || name === 'm'),
    [],
  );
  assert.equal(
    graph.nodes.filter((node) => node.op.name === 'split' && node.inputs[0]!.source.kind === 'input').length,
    0,
  );
  const fed = feeds();
  const viewed: Record<string, Tensor> = { x: fed['x']! };
  for (const { name, state, offset, shape } of reads) {
    viewed[name] = f32((fed[state]!.data as Float32Array).slice(offset, offset + shape[0]!), shape);
  }
  const expected = compute(tiled, fed);
  const got = compute(graph, viewed);
  for (const [state, next] of Object.entries(STATE)) {
    const joined = writes.filter((view) => view.state === state).sort((a, b) => a.offset - b.offset);
    assert.deepEqual(
      joined.flatMap(({ name }) => got[name]!),
      expected[next],
    );
  }
  assert.deepEqual(got['loss'], expected['loss']);
});

test('a long state is updated in place of itself on ONNX Runtime', async () => {
  const length = 300_000;
  const graph = e.trace(() => {
    const s = e.input('s', 'f32', [length]);
    e.output('s.next', e.add(e.mul(s, 0.5), e.input('shift', 'f32', [])));
    e.output('head', e.slice(s, 0, 0, 2));
  });
  const first = f32(Float32Array.from({ length }, (_, i) => i));
  const session = await e.createSession(graph, { runtime: 'cpu', state: { s: 's.next' }, initialState: { s: first } });
  const results = await Promise.all([1, 2, 3].map((shift) => session.run({ shift: f32([shift], []) })));
  assert.deepEqual(
    results.map((r) => [...(r['head']!.data as Float32Array)]),
    [
      [0, 1],
      [1, 1.5],
      [2.5, 2.75],
    ],
  );
  const { s } = await session.readState();
  for (const i of [0, 1, 65_535, 65_536, 299_999]) {
    assert.equal((s!.data as Float32Array)[i], Math.fround(Math.fround(Math.fround(i * 0.5 + 1) * 0.5 + 2) * 0.5 + 3));
  }
  await session.close();
});
