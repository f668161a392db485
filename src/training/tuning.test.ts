/** @file What learns and what stays: chosen by name, against PyTorch, in one graph and in replicas, resumed and merged. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../tests/golden-tensors.ts';
import { Random } from '../base/random.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import {
  add,
  createSession,
  gradient,
  input,
  linear as affine,
  mul,
  output,
  reduceMean,
  sub,
  tanh,
  trace,
  weight,
  type Value,
} from '../engine/index.ts';
import { optimise } from '../engine/passes/optimise.ts';
import { linear, linearSpec, type Linear } from '../nn/linear.ts';
import { flatten, materialise } from '../nn/parameters.ts';
import { createGraphLearner, traceStep, type LearnerOptions } from './graph-learner.ts';
import type { Learner } from './learner.ts';
import { onlyGroup } from './trainable.ts';
import { createReplicatedLearner } from './replicated-learner.ts';
import type { Trainable } from './trainable.ts';
import { mergeTuned, parseTuning, planTuning, tune, type TuningConfig } from './tuning.ts';

/** y ≈ W₂ tanh(W₁ x + b₁) + b₂, in PyTorch's layout. */
const network = (samples: number): Trainable => ({
  parameters: {
    layers: [linearSpec(5, 7, { bias: true }), linearSpec(7, 4, { bias: true })],
  },
  inputs: { x: { dtype: 'f32', shape: [samples, 5] }, y: { dtype: 'f32', shape: [samples, 4] } },
  loss(parameters, { x, y }) {
    const [first, second] = (parameters as unknown as { layers: Linear<Value>[] }).layers;
    // One map that knows of adapters, and one that gets the sum.
    const hidden = tanh(linear(first!, x!));
    const error = sub(affine(hidden, second!.weight, second!.bias), y!);
    return { loss: reduceMean(mul(error, error)), metrics: { bias: reduceMean(error) } };
  },
});
const { parameters } = network(1);
const TUNING = {
  freeze: ['layers.0.**'],
  lora: { rank: 3, alpha: 6, targets: ['layers.*'] },
} satisfies Pick<TuningConfig, 'freeze' | 'lora'>;
const plan = planTuning(parameters, TUNING);

test('parameters are sorted by name; a matrix with an adapter stays', () => {
  assert.deepEqual(
    Object.entries(plan.trained).map(([name, { shape }]) => `${name} ${shape.join('×')}`),
    [
      'layers.0.lora_A.weight 3×5',
      'layers.0.lora_B.weight 7×3',
      'layers.1.lora_A.weight 3×7',
      'layers.1.lora_B.weight 4×3',
      'layers.1.bias 4',
    ],
  );
  assert.deepEqual(Object.keys(plan.frozen), ['layers.0.weight', 'layers.0.bias', 'layers.1.weight']);
  const frozenOnly = planTuning(parameters, { freeze: ['**.bias'], lora: null });
  assert.deepEqual(Object.keys(frozenOnly.trained), ['layers.0.weight', 'layers.1.weight']);
});

test('patterns that fit nothing, and tunings with which nothing learns, are refused', () => {
  assert.throws(() => planTuning(parameters, { freeze: ['layer.0.**'], lora: null }), {
    code: 'not-found',
    message: 'tuning.freeze: expected a pattern that fits a name, got "layer.0.**".',
    hint: 'Did you mean "layers.0.**"?',
  });
  assert.throws(() => planTuning(parameters, { ...TUNING, lora: { ...TUNING.lora, targets: ['layers.*.bias'] } }), {
    code: 'not-found',
    message: 'tuning.lora.targets: expected a pattern that fits a name, got "layers.*.bias".',
  });
  assert.throws(() => planTuning(parameters, { freeze: ['**'], lora: null }), {
    code: 'bad-argument',
    message: 'tuning.freeze: expected parameters that learn, got all 4 frozen.',
  });
});

test('a tuning that was written by hand is checked', () => {
  const good: TuningConfig = { base: 'runs/a', fresh: [], ...TUNING, save: 'trained' };
  assert.deepEqual(parseTuning(JSON.parse(JSON.stringify(good)), 'tuning'), good);
  for (const [bad, message] of [
    [{ ...good, base: null }, /^tuning\.save: expected "whole" without a base/],
    [{ ...good, base: null, save: 'whole', fresh: ['**'] }, /^tuning\.fresh: expected no patterns without a base/],
    [{ ...good, lora: { rank: 0, alpha: 1, targets: ['a'] } }, /^tuning\.lora\.rank: /],
    [{ ...good, frozen: [] }, /^tuning: .*frozen/],
    [undefined, /^tuning: /],
  ] as const) {
    assert.throws(() => parseTuning(bad, 'tuning'), { code: 'bad-argument', message });
  }
});

const golden = goldenTensors('lora');

test('loss and gradients are those of adapters on outputs, as peft computes them', async () => {
  const tuned = tune(network(6), plan);
  const graph = trace(() => {
    const read = (name: string): Value => input(name, 'f32', golden[name]!.shape as number[]);
    const trained = Object.fromEntries(Object.keys(plan.trained).map((name) => [name, read(name)]));
    const frozen = Object.fromEntries(
      Object.entries(tuned.frozen!).map(([name, { shape }]) => [name, weight(name, 'f32', shape)]),
    );
    const { loss } = tuned.loss(trained, { x: read('x'), y: read('y') }, frozen);
    output('loss', loss);
    for (const [i, g] of gradient(loss, Object.values(trained)).entries()) {
      output(`gradient.${Object.keys(trained)[i]!}`, g);
    }
  });
  const session = await createSession(graph, { runtime: 'cpu', weights: golden });
  const results = await session.run(
    Object.fromEntries(Object.keys(session.inputs).map((name) => [name, golden[name]!])),
  );
  await session.close();
  for (const [name, result] of Object.entries(results))
    assert.ok(largestDifference(result, golden[name]!) < 1e-5, name);
  assert.equal(Object.keys(results).length, 6);
});

const OPTIMISER = { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.02, clipNorm: 1, emaDecay: 0.9 } as const;
const base = Object.fromEntries(flatten<Tensor>(materialise(parameters, new Random(1))));
const first = {
  ...Object.fromEntries(flatten<Tensor>(materialise(plan.trained, new Random(2)))),
  'layers.1.bias': base['layers.1.bias']!,
};

function learner(replicas: number | null): Promise<Learner> {
  const options: LearnerOptions = {
    optimiser: OPTIMISER,
    schedule: { learningRate: 1e-2, warmupSteps: 2, finalFraction: 0.1 },
    steps: 40,
    initial: first,
    frozen: { weights: base },
    session: { runtime: 'cpu', threads: 1 },
  };
  if (replicas === null) return createGraphLearner(tune(network(8), plan), options);
  return createReplicatedLearner(onlyGroup(tune(network(8 / replicas), plan)), { ...options, replicas });
}

function batch(step: number): Record<string, Tensor> {
  const random = new Random(3, step);
  const x = Float32Array.from({ length: 8 * 5 }, () => random.range(-1, 1));
  const y = Float32Array.from({ length: 8 * 4 }, (_, i) => Math.sin(x[Math.floor(i / 4) * 5 + (i % 4)]! * 2));
  return { x: f32(x, [8, 5]), y: f32(y, [8, 4]) };
}

async function learn(one: Learner, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) losses.push((await one.step(step, batch(step)))['loss']!);
  return losses;
}

test('no gradient of a frozen matrix is computed, adapter or not', () => {
  const maps: Trainable = {
    ...network(16),
    loss(parameters, { x, y }) {
      const [first, second] = (parameters as unknown as { layers: Linear<Value>[] }).layers;
      const error = sub(linear(second!, tanh(linear(first!, x!))), y!);
      return { loss: reduceMean(mul(error, error)), metrics: {} };
    },
  };
  /** How many products and sums of the step's graph have a matrix's shape. */
  const count = (tuned: Trainable): number[] => {
    const { graph } = traceStep(tuned, OPTIMISER);
    return ['7,5', '4,7'].map(
      (shape) => optimise(graph).nodes.filter(({ outputs }) => outputs[0]!.shape.join() === shape).length,
    );
  };
  // From the flat vector, and from the gradient.
  assert.deepEqual(count(maps), [2, 2]);
  assert.deepEqual(count(tune(maps, planTuning(parameters, { freeze: ['layers.0.**'], lora: null }))), [0, 2]);
  assert.deepEqual(count(tune(maps, plan)), [0, 0]);
});

test('only what is trained is in the state, it learns, and a restored learner continues bit for bit', async (t) => {
  const [one, other] = [await learner(null), await learner(null)];
  t.after(() => Promise.all([one.close(), other.close()]));
  const losses = await learn(one, 0, 20);
  const state = await one.state();
  assert.deepEqual(
    Object.values(state).map(({ shape }) => shape),
    Array.from({ length: 4 }, () => [15 + 21 + 21 + 12 + 4]),
  );
  await other.restore(state);
  assert.deepEqual(await learn(other, 20, 40), await learn(one, 20, 40));
  assert.deepEqual(await other.state(), await one.state());
  assert.ok(losses.at(-1)! < 0.8 * losses[0]!, `${losses}`);
  assert.deepEqual(Object.keys(await one.weights()), Object.keys(plan.trained));
});

test('replicas learn the same beside what is frozen', async (t) => {
  const [one, many] = [await learner(null), await learner(2)];
  t.after(() => Promise.all([one.close(), many.close()]));
  await learn(one, 0, 10);
  await learn(many, 0, 10);
  const [expected, got] = [await one.state(), await many.state()];
  for (const [name, vector] of Object.entries(expected)) {
    assert.ok(largestDifference(got[name]!, vector) < 1e-5, name);
  }
});

test('the merged model computes what the tuned one does; what is frozen keeps its bytes', async () => {
  const merged = mergeTuned(parameters, plan, golden, (name) => golden[name]!);
  assert.deepEqual(Object.keys(merged), Object.keys(base));
  assert.equal(merged['layers.0.bias'], golden['layers.0.bias']);
  const untouched = mergeTuned(parameters, plan, first, (name) => base[name]!);
  for (const [name, { data }] of Object.entries(base)) assert.deepEqual(untouched[name]!.data, data, name);
  const plain = network(6);
  const graph = trace(() => {
    const read = (name: string): Value => input(name, 'f32', { ...golden, ...merged }[name]!.shape as number[]);
    const layers = [0, 1].map((i) => ({ weight: read(`layers.${i}.weight`), bias: read(`layers.${i}.bias`) }));
    output('loss', add(plain.loss({ layers }, { x: read('x'), y: read('y') }).loss, 0));
  });
  const session = await createSession(graph, { runtime: 'cpu' });
  const results = await session.run({ ...merged, x: golden['x']!, y: golden['y']! });
  await session.close();
  assert.ok(largestDifference(results['loss']!, golden['loss']!) < 1e-5);
});
