/** @file The reductions of a velocity's error against PyTorch, gradients included. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { zeros, type Tensor } from '../../base/tensor.ts';
import { createSession, gradient, input, output, trace, type Value } from '../../engine/index.ts';
import {
  channelMeanLoss,
  errorWeights,
  maskedMeanLoss,
  plainMeanLoss,
  spectralDistance,
  weightedMeanLoss,
} from './flow-losses.ts';

const golden = goldenTensors('losses');
const feeds = Object.fromEntries(
  ['prediction', 'target', 'mask', 'sample', 'actions'].map((name) => [name, golden[`flow.${name}`]!]),
);
type Inputs = Readonly<Record<'prediction' | 'target' | 'mask' | 'sample' | 'actions', Value>>;

const LOSSES: Readonly<Record<string, (x: Inputs) => Value>> = {
  masked: ({ prediction, target, mask }) => maskedMeanLoss(prediction, target, mask),
  plain: ({ prediction, target, mask }) => plainMeanLoss(prediction, target, mask),
  channel: ({ prediction, target, mask }) => channelMeanLoss(prediction, target, mask),
  weighted: ({ prediction, target, mask, sample, actions }) =>
    weightedMeanLoss(prediction, target, mask, errorWeights(sample, actions, mask)),
  spectral: ({ prediction, target, mask, sample, actions }) =>
    spectralDistance(prediction, target, errorWeights(sample, actions, mask)),
};

/** A loss, its gradient and the weights, on the given runtime. */
async function run(loss: (x: Inputs) => Value, fed: Readonly<Record<string, Tensor>>, runtime: 'cpu' | 'reference') {
  const graph = trace(() => {
    const x = Object.fromEntries(
      Object.entries(fed).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    ) as Inputs;
    const value = loss(x);
    output('loss', value);
    output('gradient', gradient(value, [x.prediction])[0]!);
    output('weights', errorWeights(x.sample, x.actions, x.mask));
  });
  const session = await createSession(graph, { runtime });
  try {
    return await session.run(fed);
  } finally {
    await session.close();
  }
}

for (const [name, loss] of Object.entries(LOSSES)) {
  test(`the ${name} loss and its gradient are PyTorch’s`, async () => {
    for (const runtime of ['cpu', 'reference'] as const) {
      const results = await run(loss, feeds, runtime);
      assert.ok(largestDifference(results['loss']!, golden[`flow.${name}.loss`]!) < 1e-5);
      assert.ok(largestDifference(results['gradient']!, golden[`flow.${name}.gradient.prediction`]!) < 1e-5);
      assert.ok(largestDifference(results['weights']!, golden['flow.weights']!) < 1e-5);
    }
  });

  test(`the ${name} loss is a number where nothing counts and nothing is wrong`, async () => {
    const none = { ...feeds, mask: zeros('f32', [3, 5, 4]), target: feeds['prediction']!, sample: feeds['actions']! };
    const results = await run(loss, none, 'cpu');
    assert.ok(Math.abs(Number(results['loss']!.data[0])) < 1e-9);
    assert.ok(largestDifference(results['gradient']!, zeros('f32', [3, 5, 4])) < 1e-9);
  });
}
