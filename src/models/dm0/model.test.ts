/** @file DM0 against its official code: the prompt's hidden states, keys and values, velocity, loss, gradients, samples, progress; and its published size. */

import assert from 'node:assert/strict';
import test, { after } from 'node:test';
import { GOLDEN_DM0, GOLDEN_DM0_LAYOUT, goldenDm0Prompt } from '../../../tests/golden-models.ts';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { constant, createSession, gradient, input, output, trace, type Value } from '../../engine/index.ts';
import { asInputs, countParameters, flatten, pickTensors, type ParameterSpec } from '../../nn/parameters.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { DM0_BASE, DM0_PROGRESS, parseDm0Config } from './config.ts';
import { dm0Context, dm0Velocity } from './expert.ts';
import { dm0FlowLoss, dm0Sample, dm0Spec } from './model.ts';
import { dm0Network } from './vlm.ts';

const golden = goldenTensors('dm0');
const config = GOLDEN_DM0;
const [B, T] = [2, 15];
const layout = GOLDEN_DM0_LAYOUT;
const spec = dm0Spec(config, T);
const weights = Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden)));

const feeds: Record<string, Tensor> = {
  ...Object.fromEntries(
    ['front', 'wrist', 'actions', 'noise', 'noiseFraction', 'noisy', 'start', 'progress'].map((name) => [
      name,
      golden[`io.${name}`]!,
    ]),
  ),
  ...goldenDm0Prompt(golden),
  // Padding is learned: a mask must change nothing.
  actionMask: f32(new Float32Array(40), [2, 5, 4]),
};
feeds['progress'] = { ...feeds['progress'], shape: [B] } as Tensor;

const graph = trace(() => {
  const p = asInputs(spec);
  const x: Record<string, Value> = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const prompt = encodePrompt(
    dm0Network(p.model, config),
    {
      pixels: { front: x['front']!, wrist: x['wrist']! },
      tokens: x['tokens']!,
      tokenMask: x['tokenMask']!,
      lastToken: null,
      state: null,
    },
    layout,
    config.prompt,
  );
  output('hidden', prompt.hidden);
  for (const [i, { keys, values }] of prompt.layers.entries()) {
    output(`keys.${i}`, keys);
    output(`values.${i}`, values);
  }
  const context = dm0Context(prompt);
  output('velocity', dm0Velocity(p.model, context, x['noisy']!, x['noiseFraction']!, null, config).velocity);
  const drawn = { noise: x['noise']!, noiseFraction: x['noiseFraction']! };
  const loss = dm0FlowLoss(p, context, { actions: x['actions']!, actionMask: x['actionMask']!, drawn }, config);
  output('loss', loss);
  const leaves = flatten<Value>(p).filter(([name]) => !name.includes('progress'));
  const gradients = gradient(
    loss,
    leaves.map(([, leaf]) => leaf),
  );
  for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
  const dimensions = constant([0, 0, 0, 0]);
  const start = { noise: x['start']!, progress: null };
  output('sample', dm0Sample(p, context, start, dimensions, 10, config).actions);
  const asked = dm0Sample(p, context, { ...start, progress: x['progress']! }, dimensions, 10, config);
  output('sampleWithProgress', asked.actions);
  output('endProgress', asked.progress!);
});
const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
after(() => session.close());
const results = await session.run({ ...weights, ...feeds });

test('the parameters are those of the checkpoint, name by name', () => {
  const ours = flatten<ParameterSpec>(spec).map(([name]) => name);
  const theirs = Object.keys(golden).filter((name) => name.startsWith('model.'));
  assert.deepEqual(ours.sort(), theirs.sort());
});

test('hidden states, keys and values of the prompt are those of the official code', () => {
  const mask = feeds['tokenMask']!.data;
  // What padding computes is nobody's business.
  const real = (tensor: Tensor, width: number, place: (i: number) => number): Tensor =>
    f32(
      Float32Array.from(tensor.data as Float32Array, (v, i) => (mask[place(Math.floor(i / width))] === 0 ? 0 : v)),
      tensor.shape,
    );
  const hidden = (tensor: Tensor): Tensor => real(tensor, 16, (row) => row);
  assert.ok(largestDifference(hidden(results['hidden']!), hidden(golden['io.hidden']!)) < 2e-5);
  const place = (row: number): number => Math.floor(row / (2 * T)) * T + (row % T);
  for (const part of ['keys', 'values']) {
    const { data, shape } = golden[`io.${part}`]!;
    const size = data.length / 2;
    for (const layer of [0, 1]) {
      const theirs = f32((data as Float32Array).slice(layer * size, (layer + 1) * size), shape.slice(1));
      const difference = largestDifference(real(results[`${part}.${layer}`]!, 8, place), real(theirs, 8, place));
      assert.ok(difference < 2e-5, `${part} of layer ${layer}: ${difference}`);
    }
  }
});

test('velocity, loss and samples are those of the official code', () => {
  // The official sampler sums its times in single precision, 1e-7 off 1 − k / 10, and the fastest sinusoid sees it.
  const limits = { velocity: 2e-5, loss: 2e-5, sample: 1e-4, sampleWithProgress: 1e-4 };
  for (const [name, limit] of Object.entries(limits)) {
    const difference = largestDifference(results[name]!, golden[`io.${name}`]!);
    assert.ok(difference < limit, `${name}: ${difference}`);
  }
  const progress = { ...golden['io.endProgress']!, shape: [B] } as Tensor;
  assert.ok(largestDifference(results['endProgress']!, progress) < 5e-5);
});

test('gradients are those of the official code', () => {
  const downsampler = 'gradient.model.mm_vision_tower.vision_tower.vit_downsampler2.weight';
  for (const name of Object.keys(results).filter((output) => output.startsWith('gradient.'))) {
    let ours = results[name]!;
    const theirs = golden[name];
    if (theirs === undefined) {
      // What the last layer does with the prompt after its keys and values reaches no action.
      assert.match(name, /llm\.(norm|layers\.1\.(self_attn\.[oq]|post|mlp))/);
      assert.ok(ours.data.every((value) => Number(value) === 0));
      continue;
    }
    // The golden file has the first input channel alone of the largest tensor.
    if (name === downsampler) {
      ours = f32(
        (ours.data as Float32Array).filter((_, i) => i % (32 * 9) < 9),
        [64, 1, 3, 3],
      );
    }
    const difference = largestDifference(ours, theirs);
    assert.ok(difference < 1e-4, `${name}: ${difference}`);
  }
});

test('the published model has the tensors of its file', () => {
  const { model } = dm0Spec(DM0_PROGRESS, 607);
  assert.equal(countParameters(model.llm), 1_722_141_696);
  assert.equal(countParameters(model.action_expert), 308_346_880);
  assert.equal(countParameters(model.mm_vision_tower), 387_513_344);
  assert.equal(countParameters(model.mm_projector), 8_388_608);
  const { action_in_proj, action_out_proj, action_time_mlp_in, action_time_mlp_out } = model;
  const action = { action_in_proj, action_out_proj, action_time_mlp_in, action_time_mlp_out };
  assert.equal(countParameters(action), 3_214_368);
  assert.equal(countParameters({ in: model.progress_in_proj!, out: model.progress_out_proj! }), 3_073);
  assert.equal(countParameters(dm0Spec(DM0_BASE, 607)), 2_429_604_896);
  // The file also stores the expert's output layer, which nothing reads: 151,936 × 1,024. All of it is bfloat16.
  const unused = 151_936 * 1024;
  assert.equal(unused, 155_582_464);
  assert.equal(2 * (countParameters({ model }) + unused), 5_170_380_866);
});

test('a configuration whose sizes disagree is refused with the rule', () => {
  const wrong = { ...DM0_BASE, language: { ...DM0_BASE.language, ropeSections: [24, 20, 20] } };
  assert.throws(() => parseDm0Config(wrong, 'config.json'), { code: 'bad-data', message: /first axis alone/ });
  const state = { ...DM0_BASE, prompt: { ...DM0_BASE.prompt, stateToken: true } };
  assert.throws(() => parseDm0Config(state, 'config.json'), { code: 'bad-data', message: /stateToken/ });
  assert.throws(() => parseDm0Config({ ...DM0_BASE, expert: {} }, 'config.json'), { message: /expert\.width/ });
});
