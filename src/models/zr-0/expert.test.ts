/** @file The action expert against its equations in PyTorch, and its masks. */

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { constant, createSession, gradient, input, output, reshape, trace, type Value } from '../../engine/index.ts';
import { HIDDEN } from '../../nn/attention.ts';
import { asInputs, countParameters, flatten, pickTensors, type ParameterSpec } from '../../nn/parameters.ts';
import { ZR0_2B, type ExpertConfig } from './config.ts';
import { actionExpertSpec, expertContext, expertVelocity, timeBucket } from './expert.ts';
import { flowLoss, sampleActions } from './model.ts';

const golden = goldenTensors('zr0-expert');
const config: ExpertConfig = {
  transformer: {
    blocks: 5,
    selfAttentionPeriod: 4,
    heads: 2,
    headWidth: 6,
    mlpWidth: 20,
    outputWidth: 10,
    timeFeatures: 8,
    normEpsilon: 1e-5,
    outputNormEpsilon: 1e-6,
  },
  stateDim: 5,
  actionDim: 4,
  mlpWidth: 7,
  maxHorizon: 6,
  timeBuckets: 1000,
};
const spec = actionExpertSpec(config);
const weights = Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden)));
const names = ['context', 'mask', 'state', 'actions', 'actionMask', 'noise', 'noiseFraction', 'bucket'] as const;
const feeds = Object.fromEntries(names.map((name) => [name, golden[`io.${name}`]!]));
feeds['mask'] = f32(
  Float32Array.from(golden['io.mask']!.data as Float32Array, (seen) => (1 - seen) * HIDDEN),
  [2, 1, 1, 7],
);

/** Loss, velocity, samples and the gradients of the loss. */
const graph = trace(() => {
  const p = asInputs(spec);
  const x = Object.fromEntries(names.map((name) => [name, input(name, 'f32', feeds[name]!.shape)])) as Record<
    (typeof names)[number],
    Value
  >;
  const context = expertContext(p, x.context, x.mask, x.state, config);
  const noisy = input('noisy', 'f32', [4, 3, 4]);
  output('velocity', expertVelocity(p, context, noisy, reshape(x.bucket, [4]), config));
  const drawn = { noise: x.noise, noiseFraction: x.noiseFraction, timeBucket: x.bucket };
  const loss = flowLoss(p, context, { actions: x.actions, actionMask: x.actionMask, drawn }, config);
  output('loss', loss);
  const leaves = flatten<Value>(p);
  const gradients = gradient(
    loss,
    leaves.map(([, leaf]) => leaf),
  );
  for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
  const noise = input('start', 'f32', [2, 3, 4]);
  output('sample', sampleActions(p, context, noise, constant(golden['io.dimensions']!), 4, config));
});
const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
after(() => session.close());

function run(fed: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const noise = golden['io.noise']!.data as Float32Array;
  const start = f32([...noise.subarray(0, 12), ...noise.subarray(24, 36)], [2, 3, 4]);
  return session.run({ ...weights, ...fed, noisy: noisyActions(fed), start });
}

/** x(n) = (n ε + (1 − n) a) · mask, [B · K, H, A]. */
function noisyActions(fed: Readonly<Record<string, Tensor>>): Tensor {
  const at = (name: string, i: number): number => Number(fed[name]!.data[i]);
  return f32(
    Float32Array.from({ length: 48 }, (_, i) => {
      const draw = Math.floor(i / 12);
      const sample = Math.floor(i / 24) * 12 + (i % 12);
      const n = at('noiseFraction', draw);
      return (n * at('noise', i) + (1 - n) * at('actions', sample)) * at('actionMask', sample);
    }),
    [4, 3, 4],
  );
}

test('the parameters are those of the checkpoint, name by name', () => {
  const ours = flatten<ParameterSpec>(spec).map(([name]) => name);
  const theirs = Object.keys(golden).filter((name) => !/^(io|gradient)\./.test(name));
  assert.deepEqual(ours.sort(), theirs.sort());
});

test('the published expert has 558,784,576 parameters', () => {
  const published = actionExpertSpec(ZR0_2B.expert);
  assert.equal(countParameters(published), 558_784_576);
  assert.equal(countParameters({ block: published.dit.transformer_blocks[1]! }), 58_742_784);
});

test('velocity, loss, gradients and samples are those of the equations', async () => {
  const results = await run(feeds);
  // ZR-0 predicts a − ε; the velocity here is ε − a.
  const velocity = f32(
    Float32Array.from(results['velocity']!.data as Float32Array, (v) => -v),
    [4, 3, 4],
  );
  assert.ok(largestDifference(velocity, golden['io.velocity']!) < 2e-5);
  assert.ok(largestDifference(results['loss']!, golden['io.loss']!) < 2e-5);
  assert.ok(largestDifference(results['sample']!, golden['io.sample']!) < 5e-5);
  for (const name of Object.keys(weights)) {
    const difference = largestDifference(results[`gradient.${name}`]!, golden[`gradient.${name}`]!);
    assert.ok(difference < 1e-4, `gradient of ${name}: ${difference}`);
  }
});

test('what the action mask hides changes neither the loss nor any gradient', async () => {
  const change = (tensor: Tensor, hidden: (i: number) => boolean): Tensor =>
    f32(
      Float32Array.from(tensor.data as Float32Array, (v, i) => (hidden(i) ? v + 100 : v)),
      tensor.shape,
    );
  const mask = golden['io.actionMask']!.data;
  const noisier = {
    ...feeds,
    actions: change(feeds['actions']!, (i) => mask[i] === 0),
    noise: change(feeds['noise']!, (i) => mask[Math.floor(i / 24) * 12 + (i % 12)] === 0),
  };
  assert.notDeepEqual(noisier.noise.data, feeds['noise']!.data);
  const [before, changed] = [await run(feeds), await run(noisier)];
  for (const name of ['loss', ...Object.keys(weights).map((weight) => `gradient.${weight}`)]) {
    assert.equal(largestDifference(changed[name]!, before[name]!), 0, name);
  }
});

test('the expert does not see masked tokens of the prompt', async () => {
  const context = golden['io.context']!;
  const data = (context.data as Float32Array).slice();
  data.fill(7, 5 * 12, 7 * 12);
  const [before, hidden] = [await run(feeds), await run({ ...feeds, context: { ...context, data } as Tensor })];
  assert.equal(largestDifference(hidden['velocity']!, before['velocity']!), 0);
  data[4 * 12] = 7;
  const seen = await run({ ...feeds, context: { ...context, data } as Tensor });
  assert.ok(largestDifference(seen['velocity']!, before['velocity']!) > 1e-3);
});

test('time buckets are exact where floats are not', () => {
  const buckets = (steps: number): number[] => Array.from({ length: steps }, (_, k) => timeBucket(1 - k / steps, 1000));
  assert.deepEqual(buckets(5), [0, 200, 400, 600, 800]);
  assert.deepEqual(buckets(10), [0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  // A noise fraction just above 1 (ZR-0's time law allows it) is the first bucket.
  assert.equal(timeBucket(1.001, 1000), 0);
});
