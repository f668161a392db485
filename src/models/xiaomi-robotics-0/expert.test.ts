/** @file The action expert against the published code: velocities, samples, the loss and its gradients; and its masks. */

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import {
  constant,
  createSession,
  expand,
  gradient,
  input,
  output,
  reshape,
  trace,
  type Value,
} from '../../engine/index.ts';
import { HIDDEN } from '../../nn/attention.ts';
import { asInputs, countParameters, flatten, pickTensors, type ParameterSpec } from '../../nn/parameters.ts';
import { eulerSample, fixedTime } from '../parts/flow-matching.ts';
import { XIAOMI_ROBOTICS_0, type OwnMask, type XiaomiConfig } from './config.ts';
import { actionExpertSpec, drawContext, expertContext, expertVelocity, sees } from './expert.ts';
import { actionFlow, flowLoss, sampleActions, xiaomiSpec } from './model.ts';

const golden = goldenTensors('xiaomi-robotics-0');
const [B, K, H, A] = [2, 2, 7, 4];
const LAMBDA: OwnMask = { kind: 'lambda', window: 4, positionOffset: 10 };
const config: XiaomiConfig = {
  ...XIAOMI_ROBOTICS_0,
  expert: {
    width: 16,
    layers: 2,
    headWidth: 8,
    mlpWidth: 64,
    stateDim: 5,
    actionDim: A,
    timeFeatures: 256,
    ropeTheta: 1000,
    normEpsilon: 1e-6,
    mask: LAMBDA,
  },
  asyncPrefix: { probability: 0.5, longest: 6, reweight: true },
  frequencyWeight: 1,
};
const spec = actionExpertSpec(config.expert);
const weights = Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden)));

const io = ['state', 'actions', 'actionMask', 'noise', 'noiseFraction', 'nextPosition', 'start'] as const;
const cache = [0, 1, 2].flatMap((i) => [`keys.${i}`, `values.${i}`]);
const feeds: Record<string, Tensor> = Object.fromEntries(
  [...io, ...cache].map((name) => [name, golden[`io.${name}`]!]),
);
feeds['mask'] = f32(
  Float32Array.from(golden['io.tokenMask']!.data as Float32Array, (seen) => (1 - seen) * HIDDEN),
  [B, 1, 1, 24],
);
const lengths = (...values: number[]): Tensor => f32(values, [B, K]);

/** Velocities [N, H, A] at the training draws, the loss with gradients, and samples [B, H, A] with one mask. */
async function open(mask: OwnMask) {
  const c: XiaomiConfig = { ...config, expert: { ...config.expert, mask } };
  const graph = trace(() => {
    const p = asInputs(spec);
    const x = Object.fromEntries(
      Object.entries(feeds).map(([name, { shape }]) => [name, input(name, 'f32', shape as number[])]),
    ) as Record<string, Value>;
    const prefixLength = input('prefixLength', 'f32', [B, K]);
    const prefixHidden = input('prefixHidden', 'f32', [B, K, H]);
    const hidden = reshape(prefixHidden, [B * K, H]);
    const layers = [0, 1, 2].map((i) => ({ keys: x[`keys.${i}`]!, values: x[`values.${i}`]! }));
    const prompt = { layers, mask: x['mask']!, nextPosition: x['nextPosition']! };
    const context = expertContext(p, prompt, x['state']!, c.expert);
    const noisy = input('noisy', 'f32', [B * K, H, A]);
    const actionMask = input('maskOfDraws', 'f32', [B * K, H, A]);
    const draws = drawContext(
      p,
      context,
      { draws: K, actionMask, prefixLength: reshape(prefixLength, [B * K]), hidden },
      c.expert,
    );
    output('velocity', expertVelocity(p, draws, noisy, reshape(x['noiseFraction']!, [B * K]), c.expert));
    const drawn = { noise: x['noise']!, noiseFraction: x['noiseFraction']!, prefixLength, prefixHidden };
    const { actions, actionMask: counts } = x as { actions: Value; actionMask: Value };
    const loss = flowLoss(p, context, { actions, actionMask: counts, drawn }, c);
    output('loss', loss);
    output('plainLoss', flowLoss(p, context, { actions, actionMask: counts, drawn }, { ...c, frequencyWeight: 0 }));
    const leaves = [...flatten<Value>(p), ...cache.map((name): [string, Value] => [name, x[name]!])];
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
    const dimensions = constant(f32([1, 1, 1, 0]));
    const given = { actions, length: input('given', 'f32', [B]) };
    output('sample', sampleActions(p, context, x['start']!, dimensions, 5, c.expert, given));
    output('free', sampleActions(p, context, x['start']!, dimensions, 5, c.expert));
    const mask = expand(dimensions, [B, H, A]);
    const { start, velocity } = actionFlow(p, context, mask, c, given);
    output(
      'walked',
      eulerSample(start(x['start']!), 5, (at, n) => velocity(at, fixedTime(n, B))),
    );
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  after(() => session.close());
  return (
    prefix: readonly number[],
    changes: Readonly<Record<string, Tensor>> = {},
    hidden: readonly number[] = [],
  ) => {
    const all = { ...feeds, ...changes };
    return session.run({
      ...weights,
      ...all,
      noisy: noisyActions(all, prefix),
      maskOfDraws: repeated(all['actionMask']!),
      prefixLength: lengths(...prefix),
      prefixHidden: f32(
        Array.from({ length: B * K * H }, (_, i) => hidden[i % H] ?? 0),
        [B, K, H],
      ),
      given: f32(prefix.filter((_, i) => i % K === 0)),
    });
  };
}

/** Every sample K times in a row. */
function repeated({ data }: Tensor): Tensor {
  const size = H * A;
  return f32(
    Array.from({ length: B * K * size }, (_, i) => Number(data[Math.floor(i / size / K) * size + (i % size)])),
    [B * K, H, A],
  );
}

/** n ε + (1 − n) a, with the action where it is given. */
function noisyActions(all: Readonly<Record<string, Tensor>>, prefix: readonly number[]): Tensor {
  const actions = repeated(all['actions']!).data;
  return f32(
    Array.from({ length: B * K * H * A }, (_, i) => {
      const draw = Math.floor(i / (H * A));
      const n = Math.floor(i / A) % H < prefix[draw]! ? 0 : Number(all['noiseFraction']!.data[draw]);
      return n * Number(all['noise']!.data[i]) + (1 - n) * Number(actions[i]);
    }),
    [B * K, H, A],
  );
}

const negated = ({ data, shape }: Tensor): Tensor =>
  f32(
    Float32Array.from(data as Float32Array, (v) => -v),
    shape,
  );

/** What padding holds does not matter: their sampler leaves noise there, ours 0. */
function withoutPadding({ data, shape }: Tensor): Tensor {
  return f32(
    Float32Array.from(data as Float32Array, (v, i) => (i % A === 3 ? 0 : v)),
    shape,
  );
}

const [causal, lambda] = await Promise.all([open({ kind: 'causal' }), open(LAMBDA)]);

test('the published model has 278,458,368 parameters in its expert and 932 tensors', () => {
  assert.equal(countParameters(actionExpertSpec(XIAOMI_ROBOTICS_0.expert)), 278_458_368);
  const names = flatten<ParameterSpec>(xiaomiSpec(XIAOMI_ROBOTICS_0, 600)).map(([name]) => name);
  assert.equal(names.length, 932);
  for (const [start, count] of [
    ['vlm.model.language_model.', 398],
    ['vlm.model.visual.', 315],
    ['dit.layers.', 208],
  ] as const) {
    assert.equal(names.filter((name) => name.startsWith(start)).length, count, start);
  }
});

test('the parameters are those of the checkpoint, name by name', () => {
  const ours = flatten<ParameterSpec>(spec).map(([name]) => name);
  const theirs = Object.keys(golden).filter((name) => !/^(io|gradient|causal|lambda|free|hidden|vlm)\./.test(name));
  assert.deepEqual(ours.sort(), theirs.sort());
});

test('with the causal mask, velocities and samples are those of the published weights’ code', async () => {
  const results = await causal([0, 0, 0, 0]);
  assert.ok(largestDifference(negated(results['velocity']!), golden['causal.velocity']!) < 5e-5);
  assert.ok(largestDifference(results['free']!, withoutPadding(golden['causal.sample']!)) < 2e-5);
  assert.equal(largestDifference(results['sample']!, results['free']!), 0);
  assert.equal(largestDifference(results['walked']!, results['free']!), 0);
});

test('with the Λ mask and no prefix, they are those of the post-training code', async () => {
  const results = await lambda([0, 0, 0, 0]);
  assert.ok(largestDifference(negated(results['velocity']!), golden['free.velocity']!) < 5e-5);
  assert.ok(largestDifference(results['free']!, withoutPadding(golden['free.sample']!)) < 2e-5);
  assert.ok(largestDifference(results['plainLoss']!, golden['free.loss']!) < 2e-5);
});

test('with a given prefix, so are velocities, samples, the weighted loss and its gradients', async () => {
  const results = await lambda([3, 3, 3, 3]);
  assert.ok(largestDifference(negated(results['velocity']!), golden['lambda.velocity']!) < 5e-5);
  assert.ok(largestDifference(results['sample']!, withoutPadding(golden['lambda.sample']!)) < 2e-5);
  assert.equal(largestDifference(results['walked']!, results['sample']!), 0);
  assert.ok(Math.abs(Number(results['plainLoss']!.data[0]) - Number(golden['lambda.loss_mse']!.data[0]) / 2) < 2e-5);
  assert.ok(largestDifference(results['loss']!, golden['lambda.loss']!) < 5e-5);
  const theirs = Object.keys(golden).filter((name) => name.startsWith('gradient.'));
  assert.equal(theirs.length, Object.keys(weights).length + 4);
  for (const name of theirs) {
    const difference = largestDifference(results[name]!, golden[name]!);
    assert.ok(difference < 1e-4, `${name}: ${difference}`);
  }
});

test('with parts of the prefix hidden, they are those of the code, and others than with all of it seen', async () => {
  const lengths = [5, 5, 5, 5];
  const results = await lambda(lengths, {}, [0, 1, 1]);
  assert.ok(largestDifference(negated(results['velocity']!), golden['hidden.velocity']!) < 5e-5);
  assert.ok(largestDifference(results['loss']!, golden['hidden.loss']!) < 5e-5);
  const name = 'gradient.dit.layers.0.attn.qkv_proj.weight';
  assert.ok(largestDifference(results[name]!, golden[`hidden.${name}`]!) < 1e-4);
  const seen = await lambda(lengths);
  assert.ok(largestDifference(results['velocity']!, seen['velocity']!) > 1e-3);
});

test('draws of one batch may have prefixes of different lengths', async () => {
  const [none, three, both] = await Promise.all(
    [
      [0, 0, 0, 0],
      [3, 3, 3, 3],
      [0, 3, 3, 0],
    ].map((p) => lambda(p)),
  );
  const ofDraw = (results: Record<string, Tensor> | undefined, draw: number): number[] =>
    [...(results!['velocity']!.data as Float32Array)].slice(draw * H * A, (draw + 1) * H * A);
  for (const [draw, source] of [none, three, three, none].entries()) {
    const [ours, theirs] = [ofDraw(both, draw), ofDraw(source, draw)];
    ours.forEach((v, i) => assert.ok(Math.abs(v - theirs[i]!) < 1e-6, `draw ${draw}, number ${i}`));
  }
  const losses = [none, three, both].map((results) => Number(results!['loss']!.data[0]));
  assert.ok(losses.every(Number.isFinite));
});

test('what the action mask hides changes neither the loss of the velocity nor what the network sees', async () => {
  const mask = golden['io.actionMask']!.data;
  const actions = golden['io.actions']!;
  const changed = f32(
    Float32Array.from(actions.data as Float32Array, (v, i) => (mask[i] === 0 ? v + 100 : v)),
    actions.shape,
  );
  const [before, after] = [await lambda([3, 0, 3, 0]), await lambda([3, 0, 3, 0], { actions: changed })];
  for (const name of ['velocity', 'plainLoss']) assert.equal(largestDifference(before[name]!, after[name]!), 0, name);
});

test('the expert does not see padding of the prompt', async () => {
  const keys = golden['io.keys.2']!;
  const data = (keys.data as Float32Array).slice();
  data.fill(7, 21 * 8, 24 * 8);
  const [before, hidden] = [
    await lambda([0, 0, 0, 0]),
    await lambda([0, 0, 0, 0], { 'keys.2': f32(data, keys.shape) }),
  ];
  assert.equal(largestDifference(hidden['velocity']!, before['velocity']!), 0);
  data.fill(7, 20 * 8, 21 * 8);
  const seen = await lambda([0, 0, 0, 0], { 'keys.2': f32(data, keys.shape) });
  assert.ok(largestDifference(seen['velocity']!, before['velocity']!) > 1e-3);
});

test('Λ: an action sees sink, state, itself and four actions before it', () => {
  const row = (mask: OwnMask, query: number): number[] =>
    Array.from({ length: 9 }, (_, key) => key).filter((key) => sees(mask, query, key));
  assert.deepEqual(row(LAMBDA, 0), [0]);
  assert.deepEqual(row(LAMBDA, 1), [0, 1]);
  assert.deepEqual(row(LAMBDA, 4), [0, 1, 2, 3, 4]);
  assert.deepEqual(row(LAMBDA, 8), [0, 1, 4, 5, 6, 7, 8]);
  assert.deepEqual(row({ kind: 'causal' }, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});
