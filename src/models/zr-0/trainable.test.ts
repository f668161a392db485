/** @file ZR-0 as the training loop sees it: the loss falls, every parameter learns, padding does not matter. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinySample } from '../../../tests/codec-fixtures.ts';
import { Random } from '../../base/random.ts';
import type { Tensor } from '../../base/tensor.ts';
import { constant, createSession, gradient, input, mul, output, sub, trace, type Value } from '../../engine/index.ts';
import { asInputs, flatten, materialise, type ParameterSpec } from '../../nn/parameters.ts';
import { tinyZr0, type Zr0Config } from './config.ts';
import { createZr0Trainable, type Zr0Trainable } from './trainable.ts';

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
const trainable = createZr0Trainable({ config, codec, batchSize, draws: 2 });

/** One batch with its draws, restricted to what the trainable reads. */
function batch(of: Zr0Trainable): Record<string, Tensor> {
  const randoms = [1, 2, 3].map((seed) => new Random(seed));
  const all = { ...codec.collate([1, 2, 3].map(tinySample), randoms), ...of.draw(randoms) };
  return Object.fromEntries(Object.keys(of.inputs).map((name) => [name, all[name]!]));
}

/** A session that takes one step of gradient descent per run. */
async function descent(of: Zr0Trainable, rate: number) {
  const names = flatten<ParameterSpec>(of.parameters).map(([name]) => name);
  const graph = trace(() => {
    const parameters = asInputs(of.parameters);
    const feeds = Object.fromEntries(
      Object.entries(of.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const { loss, metrics } = of.loss(parameters, feeds);
    const leaves = flatten<Value>(parameters);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name, leaf]] of leaves.entries()) {
      output(`${name}.next`, sub(leaf, mul(gradients[i]!, constant(rate))));
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
  return { session, graph };
}

test('the loss on one batch falls, in all of its parts', async (t) => {
  const { session, graph } = await descent(trainable, 0.05);
  t.after(() => session.close());
  const feeds = batch(trainable);
  const first = await session.run(feeds);
  let last = first;
  for (let i = 0; i < 60; i++) last = await session.run(feeds);
  const value = (results: Record<string, Tensor>, name: string): number => Number(results[name]!.data[0]);
  for (const name of ['loss', 'metric.flow', 'metric.target', 'metric.place', 'metric.subtask']) {
    assert.ok(value(last, name) < 0.7 * value(first, name), `${name}: ${value(first, name)} → ${value(last, name)}`);
  }
  t.diagnostic(`${graph.nodes.length} nodes`);
});
