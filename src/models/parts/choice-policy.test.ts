/** @file The choice policy against PyTorch: proposals, losses, gradients, and the choice. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import type { Tensor } from '../../base/tensor.ts';
import { add, createSession, gradient, input, matmul, output, trace, type Value } from '../../engine/index.ts';
import { asInputs, countParameters, flatten, pickTensors } from '../../nn/parameters.ts';
import {
  appendQueries,
  choiceLosses,
  choicePolicySpec,
  choiceQueries,
  pickChoice,
  proposeChoices,
  type ChoiceConfig,
} from './choice-policy.ts';

const golden = goldenTensors('losses');
const config: ChoiceConfig = { candidates: 5, horizon: 5, actionDim: 4, width: 6, headLayers: 4 };
const spec = { choice: choicePolicySpec(config) };

test('proposals, losses, gradients and the pick are PyTorch’s', async () => {
  const graph = trace(() => {
    const parameters = asInputs(spec);
    const read = (name: string, key: string): Value => input(key, 'f32', golden[name]!.shape as number[]);
    const [context, mixer] = [read('choice.context', 'context'), read('choice.mixer', 'mixer')];
    const [actions, mask] = [read('flow.actions', 'actions'), read('flow.mask', 'mask')];
    const hidden = matmul(mixer, add(context, choiceQueries(parameters.choice, 3)));
    const choices = proposeChoices(parameters.choice, hidden, config);
    const { loss, winner, score } = choiceLosses(choices, actions, mask);
    for (const [name, value] of Object.entries({ ...choices, loss, winner, score, picked: pickChoice(choices) })) {
      output(name, value);
    }
    const leaves = flatten<Value>(parameters);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(name.replace('choice.', 'gradient.'), gradients[i]!);
  });
  const session = await createSession(graph, { runtime: 'cpu' });
  const results = await session.run({
    ...Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden))),
    context: golden['choice.context']!,
    mixer: golden['choice.mixer']!,
    actions: golden['flow.actions']!,
    mask: golden['flow.mask']!,
  });
  await session.close();
  assert.equal(Object.keys(results).filter((name) => name.startsWith('gradient.')).length, 21);
  for (const [name, result] of Object.entries(results)) {
    const expected = golden[`choice.${name}`]!;
    const size = Math.max(1, ...(expected.data as Float32Array).map(Math.abs));
    assert.ok(largestDifference(result, expected) < 1e-5 * size, name);
  }
});

test('the queries follow the prompt', () => {
  const graph = trace(() => {
    const parameters = asInputs(spec);
    output('tokens', appendQueries(parameters.choice, input('prompt', 'f32', [2, 9, 6])));
  });
  assert.deepEqual(graph.outputs['tokens']!.shape, [2, 9 + 5 + 1, 6]);
});

test('at the published width the policy has 53 million parameters', () => {
  const published = { candidates: 5, horizon: 30, actionDim: 32, width: 2560, headLayers: 4 };
  const count = countParameters(choicePolicySpec(published));
  const affine = (inputs: number, outputs: number): number => (inputs + 1) * outputs;
  assert.equal(Math.round(count / 1e6), 53);
  assert.equal(count, 31 * 2560 + 8 * affine(2560, 2560) + affine(2560, 5 * 32) + affine(2560, 5));
});
