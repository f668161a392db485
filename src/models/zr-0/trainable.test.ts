/** @file ZR-0 as the training loop sees it: the loss falls, every parameter learns (but keys' biases, which cannot), padding does not matter. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinySample } from '../../../tests/codec-fixtures.ts';
import { Random } from '../../base/random.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import {
  createSession,
  gradient,
  input,
  mul,
  output,
  reduceSumSquare,
  sub,
  trace,
  type Value,
} from '../../engine/index.ts';
import { asInputs, flatten, materialise, type ParameterSpec } from '../../nn/parameters.ts';
import { tinyZr0, type Zr0Config } from './config.ts';
import { createFlowTrainable, type FlowTrainable } from '../flow-trainable.ts';
import { zr0 } from './family.ts';

const codec = codecOf(tinyDesign);
const config: Zr0Config = tinyZr0({
  vocabulary: codec.tokenizer.vocabularySize,
  stateDim: codec.stateDim,
  actionDim: codec.actionDim,
  supervision: {
    target: { kind: 'pointer', input: 'targetPatch', weight: 0.1, camera: 'front' },
    place: { kind: 'values', input: 'targetPosition', weight: 0.5, size: 3, mask: null },
    subtask: { kind: 'class', input: 'subtask', weight: 0.1, classes: 3 },
  },
});
const batchSize = 3;
const trainable = createFlowTrainable({ family: zr0, config, codec, batchSize, draws: 2 });

/** One batch with its draws, restricted to what the trainable reads. */
function batch(of: FlowTrainable): Record<string, Tensor> {
  const randoms = [1, 2, 3].map((seed) => new Random(seed));
  const all = { ...codec.collate([1, 2, 3].map(tinySample), randoms), ...of.draw(randoms) };
  return Object.fromEntries(Object.keys(of.inputs).map((name) => [name, all[name]!]));
}

const LEARN: Tensor = f32([0.05], []);
const ONLY_LOOK: Tensor = f32([0], []);
const SQUARE = 'square.';
const value = (results: Record<string, Tensor>, name: string): number => Number(results[name]!.data[0]);

/** A session that takes one step of gradient descent per run, and gives the square of each parameter's gradient. */
async function descent(of: FlowTrainable) {
  const names = flatten<ParameterSpec>(of.parameters).map(([name]) => name);
  const graph = trace(() => {
    const parameters = asInputs(of.parameters);
    const feeds = Object.fromEntries(
      Object.entries(of.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const rate = input('rate', 'f32', []);
    const { loss, metrics } = of.loss(parameters, feeds);
    const leaves = flatten<Value>(parameters);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name, leaf]] of leaves.entries()) {
      output(`${name}.next`, sub(leaf, mul(gradients[i]!, rate)));
      output(`${SQUARE}${name}`, reduceSumSquare(gradients[i]!));
    }
    output('loss', loss);
    for (const [name, value] of Object.entries(metrics)) output(`metric.${name}`, value);
  });
  const session = await createSession(graph, {
    runtime: 'cpu',
    threads: 1,
    state: Object.fromEntries(names.map((name) => [name, `${name}.next`])),
    initialState: Object.fromEntries(flatten<Tensor>(materialise(of.parameters, new Random(7)))),
  });
  return { session, graph, names };
}

test('the loss on one batch falls, in all of its parts', async (t) => {
  const { session, graph } = await descent(trainable);
  t.after(() => session.close());
  const feeds = { ...batch(trainable), rate: LEARN };
  const first = await session.run(feeds);
  let last = first;
  for (let i = 0; i < 60; i++) last = await session.run(feeds);
  for (const name of ['loss', 'metric.flow', 'metric.target', 'metric.place', 'metric.subtask']) {
    assert.ok(value(last, name) < 0.7 * value(first, name), `${name}: ${value(first, name)} → ${value(last, name)}`);
  }
  t.diagnostic(`${graph.nodes.length} nodes`);
});

test('every parameter learns, once the first steps have opened what begins at zero', async (t) => {
  const { session, names } = await descent(trainable);
  t.after(() => session.close());
  const feeds = { ...batch(trainable), rate: LEARN };
  for (let i = 0; i < 5; i++) await session.run(feeds);
  const results = await session.run(feeds);
  // A bias of the keys adds the same to all scores of a query, which a softmax does not see: rounding is all that is left.
  const seen = names.filter((name) => !/\b(to_k|key)\.bias$/.test(name));
  assert.ok(seen.length > 0.9 * names.length);
  const idle = seen.filter((name) => !(value(results, SQUARE + name) > 1e-12));
  assert.deepEqual(idle, []);
});

test('padding does not matter: what lies behind the masks changes neither the loss nor any gradient', async (t) => {
  const { session, names } = await descent(trainable);
  t.after(() => session.close());
  const feeds = batch(trainable);
  for (let i = 0; i < 5; i++) await session.run({ ...feeds, rate: LEARN });
  const results = (changes: Record<string, Tensor>): Promise<Record<string, Tensor>> =>
    session.run({ ...feeds, ...changes, rate: ONLY_LOOK });
  const before = await results({});
  const numbers = ['loss', ...names.map((name) => SQUARE + name)];

  /** An input with another value wherever its mask, repeated where draws share it, is `masked`. */
  const changed = (name: string, maskName: string, masked: number, other: number): Record<string, Tensor> => {
    const [tensor, mask] = [feeds[name]!, feeds[maskName]!.data];
    const draws = tensor.data.length / mask.length;
    const perSample = tensor.data.length / batchSize;
    const data = tensor.data.slice();
    let count = 0;
    for (let i = 0; i < data.length; i++) {
      const [sample, within] = [Math.floor(i / perSample), (i % perSample) % (perSample / draws)];
      if (mask[(sample * perSample) / draws + within] !== masked) continue;
      data[i] = tensor.dtype === 'i64' ? BigInt(other) : other;
      count++;
    }
    assert.ok(count > 0, `${maskName} is ${masked} somewhere`);
    return { [name]: { ...tensor, data } as Tensor };
  };
  for (const [name, mask, other] of [
    ['tokens', 'tokenMask', 5],
    ['actions', 'actionMask', 40],
    ['noise', 'actionMask', -30],
  ] as const) {
    const after = await results(changed(name, mask, 0, other));
    for (const number of numbers) {
      const [a, b] = [value(before, number), value(after, number)];
      assert.ok(Math.abs(a - b) <= 1e-6 * Math.abs(a), `${name}: ${number}: ${a}, then ${b}`);
    }
    assert.notEqual(value(await results(changed(name, mask, 1, other)), 'loss'), value(before, 'loss'), name);
  }
});
