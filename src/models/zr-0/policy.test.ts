/** @file ZR-0 as a policy: repeatable chunks, the same on every runtime, and observations that do not fit are refused by name. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { policyContract } from '../../../tests/contracts/policy.ts';
import { codecOf, noiseImage, tinyDesign, tinyRobot, tinySample } from '../../../tests/codec-fixtures.ts';
import { Random } from '../../base/random.ts';
import type { Tensor } from '../../base/tensor.ts';
import type { Runtime } from '../../engine/index.ts';
import type { ActionChunk } from '../../interfaces/action-chunk.ts';
import type { Observation } from '../../interfaces/observation.ts';
import type { Policy } from '../../interfaces/policy.ts';
import { flatten, materialise } from '../../nn/parameters.ts';
import { tinyZr0 } from './config.ts';
import { createFlowPolicy, type FlowPolicyOptions } from '../flow-policy.ts';
import { modelSpec } from '../flow-trainable.ts';
import { zr0 } from './family.ts';

const codec = codecOf(tinyDesign);
const config = tinyZr0({
  vocabulary: codec.tokenizer.vocabularySize,
  stateDim: codec.stateDim,
  actionDim: codec.actionDim,
  supervision: { subtask: { kind: 'class', input: 'subtask', weight: 1, classes: 3 } },
});
const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(zr0, config, codec), new Random(3))));
const observation: Observation = tinySample(5);

function open(runtime: Runtime, changes: Partial<FlowPolicyOptions> = {}): Promise<Policy> {
  const session = runtime === 'cpu' ? { runtime, threads: 1 } : { runtime };
  return createFlowPolicy({
    name: 'tiny',
    family: zr0,
    config,
    codec,
    embodiment: tinyRobot,
    weights,
    steps: 3,
    noiseScale: 1,
    session,
    ...changes,
  });
}

const numbers = ({ data }: ActionChunk): number[] => [...data];

policyContract('zr-0', { open: () => open('cpu'), observation: async () => structuredClone(observation) });

test('a seed names the noise of an episode', async (t) => {
  const policy = await open('cpu');
  t.after(() => policy.close());
  await policy.reset({ seed: 11 });
  const first = await policy.infer(observation);
  const second = await policy.infer(observation);
  assert.deepEqual([first.horizon, first.dim, first.data.length], [4, 3, 12]);
  assert.notDeepEqual(numbers(first), numbers(second));
  await policy.reset({ seed: 11 });
  assert.deepEqual(numbers(await policy.infer(observation)), numbers(first));
  await policy.reset({ seed: 12 });
  assert.notDeepEqual(numbers(await policy.infer(observation)), numbers(first));
});

test('with a noise scale of 0 the actions depend on the observation alone', async (t) => {
  const policy = await open('cpu', { noiseScale: 0 });
  t.after(() => policy.close());
  const chunks: number[][] = [];
  for (const seed of [1, 2]) {
    await policy.reset({ seed });
    chunks.push(numbers(await policy.infer(observation)));
  }
  assert.deepEqual(chunks[0], chunks[1]);
});

test('images, state and instruction all reach the actions', async (t) => {
  const policy = await open('cpu');
  t.after(() => policy.close());
  const chunk = async (changes: Partial<Observation>): Promise<number[]> => {
    await policy.reset({ seed: 1 });
    return numbers(await policy.infer({ ...observation, ...changes }));
  };
  const before = await chunk({});
  const { front, wrist } = observation.images as Record<string, Observation['images'][string]>;
  assert.notDeepEqual(await chunk({ images: { front: noiseImage(32, 32, 77), wrist: wrist! } }), before);
  assert.notDeepEqual(await chunk({ images: { front: front!, wrist: noiseImage(40, 20, 78) } }), before);
  assert.notDeepEqual(await chunk({ state: Float32Array.of(0.9, 0.9, 0.01) }), before);
  assert.notDeepEqual(await chunk({ instruction: 'push the green block' }), before);
});

test('the reference runtime gives the same actions', async (t) => {
  const [cpu, reference] = await Promise.all([open('cpu'), open('reference')]);
  t.after(() => Promise.all([cpu.close(), reference.close()]));
  const [a, b] = await Promise.all([cpu.infer(observation), reference.infer(observation)]);
  a.data.forEach((value, i) => assert.ok(Math.abs(value - b.data[i]!) < 1e-4, `action ${i}: ${value}, ${b.data[i]}`));
});

test('an observation that does not fit is refused by name', async (t) => {
  const policy = await open('cpu');
  t.after(() => policy.close());
  const { wrist } = observation.images as Record<string, Observation['images'][string]>;
  const refused = (changes: Partial<Observation>, code: string, message: RegExp): Promise<void> =>
    assert.rejects(policy.infer({ ...observation, ...changes }), { code, message });
  await refused({ images: { wrist: wrist! } }, 'not-found', /camera image: expected one of .*"front"/);
  await refused(
    { images: { front: noiseImage(64, 64, 1), wrist: wrist! } },
    'bad-shape',
    /camera "front": expected 32×32 pixels, got 64×64/,
  );
  await refused({ state: Float32Array.of(0, Number.NaN, 0) }, 'not-finite', /state/);
  await refused({ state: Float32Array.of(0, 0) }, 'bad-shape', /state: expected 3 values, got 2/);
  await refused({ instruction: 'lift '.repeat(60) }, 'bad-argument', /instruction: expected at most/);
});

test('parts of different checkpoints are refused', async () => {
  await assert.rejects(open('cpu', { embodiment: { ...tinyRobot, controlHz: 50 } }), { code: 'mismatch' });
  const larger = { ...config, expert: { ...config.expert, stateDim: 9 } };
  await assert.rejects(open('cpu', { config: larger }), {
    code: 'mismatch',
    message: 'zr-0: state size: the model has 9, the codec 4.',
  });
  const { 'dit.proj_out_1.weight': _, ...incomplete } = weights;
  await assert.rejects(open('cpu', { weights: incomplete }), { code: 'not-found', message: /dit\.proj_out_1\.weight/ });
});
