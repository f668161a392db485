/** @file The choice policy against PyTorch: proposals, losses, gradients, and the choice. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { add, createSession, gradient, input, matmul, output, trace, type Value } from '../../engine/index.ts';
import { asInputs, countParameters, flatten, pickTensors } from '../../nn/parameters.ts';
import { XIAOMI_CHOICE } from '../xiaomi-robotics-0/config.ts';
import {
  choiceLosses,
  choicePolicySpec,
  choiceTokens,
  pickChoice,
  proposeChoices,
  type ChoiceConfig,
} from './choice-policy.ts';

const golden = goldenTensors('losses');
const config: ChoiceConfig = { candidates: 5, horizon: 5, actionDim: 4, width: 6, headLayers: 4, stateDim: null };
const spec = { choice: choicePolicySpec(config) };

test('proposals, losses, gradients and the pick are PyTorch’s', async () => {
  const graph = trace(() => {
    const parameters = asInputs(spec);
    const read = (name: string, key: string): Value => input(key, 'f32', golden[name]!.shape as number[]);
    const [context, mixer] = [read('choice.context', 'context'), read('choice.mixer', 'mixer')];
    const [actions, mask] = [read('flow.actions', 'actions'), read('flow.mask', 'mask')];
    const hidden = matmul(mixer, add(context, choiceTokens(parameters.choice, 3, 5, null)));
    const choices = proposeChoices(parameters.choice, hidden, 5, config);
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

test('a shorter chunk has the first queries and the last, behind the state', async () => {
  const weight = f32(
    Float32Array.from({ length: 6 * 6 }, (_, i) => Math.floor(i / 6)),
    [6, 6],
  );
  const stateful = choicePolicySpec({ ...config, stateDim: 2 });
  const graph = trace(() => {
    const parameters = asInputs(stateful);
    output('tokens', choiceTokens(parameters, 2, 3, input('values', 'f32', [2, 2])));
  });
  const ones = (shape: readonly number[]): Tensor =>
    f32(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), shape);
  const feeds: Record<string, Tensor> = Object.fromEntries(
    Object.keys(graph.inputs).map((name) => [name, ones(graph.inputs[name]!.shape as number[])]),
  );
  const session = await createSession(graph, { runtime: 'cpu' });
  const { tokens } = await session.run({ ...feeds, 'queries.weight': weight });
  await session.close();
  assert.deepEqual(tokens!.shape, [2, 5, 6]);
  // Two inputs and a bias are 3; six of gelu(3) and a bias.
  const inner = 0.5 * 3 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (3 + 0.044715 * 27)));
  const rows = [6 * inner + 1, 0, 1, 2, 5];
  tokens!.data.forEach((x, i) => assert.ok(Math.abs(Number(x) - rows[Math.floor(i / 6) % 5]!) < 1e-4, `${i}: ${x}`));
});

test('at the published width the policy has 53 million parameters', () => {
  const published = { ...XIAOMI_CHOICE, actionDim: 32, width: 2560, stateDim: null };
  const count = countParameters(choicePolicySpec(published));
  const affine = (inputs: number, outputs: number): number => (inputs + 1) * outputs;
  assert.equal(Math.round(count / 1e6), 53);
  assert.equal(count, 31 * 2560 + 8 * affine(2560, 2560) + affine(2560, 5 * 32) + affine(2560, 5));
});
