/** @file The action expert against its equations in PyTorch, the sizes that the paper states, and its masks. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { constant, createSession, gradient, input, output, reshape, trace, type Value } from '../../engine/index.ts';
import { HIDDEN } from '../../nn/attention.ts';
import { asInputs, countParameters, flatten, pickTensors, type ParameterSpec, type Tree } from '../../nn/parameters.ts';
import { QWEN_VLA_4B } from './config.ts';
import { actionExpertSpec, expertContext, expertVelocity, type ExpertConfig } from './expert.ts';
import { flowLoss, qwenVlaSpec, sampleActions } from './model.ts';

const golden = goldenTensors('qwen-vla-expert');
const config = (prompt: ExpertConfig['prompt']): ExpertConfig => ({
  transformer: { blocks: 2, heads: 2, headWidth: 12, mlpWidth: 20, normEpsilon: 1e-6 },
  prompt,
  actionDim: 4,
  maxHorizon: 3,
  timeFeatures: 8,
});
const rope = { rotaryWidth: 8, ropeTheta: 100, ropeSections: [2, 1, 1] } as const;
const spec = actionExpertSpec(config('joint'), 10);
const weights = Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden)));
const positions = [0, 1, 2].map((axis) =>
  Array.from((golden['io.positions']!.data as BigInt64Array).subarray(axis * 7, (axis + 1) * 7), Number),
);
const names = ['hidden', 'start', 'actions', 'actionMask', 'noise', 'noiseFraction'] as const;
const feeds = {
  ...Object.fromEntries(names.map((name) => [name, golden[`io.${name}`]!])),
  mask: f32(
    Float32Array.from(golden['io.valid']!.data as Float32Array, (seen) => (1 - seen) * HIDDEN),
    [2, 1, 1, 7],
  ),
};

/** Loss, velocity, samples and the gradients of the loss. */
async function run(kind: ExpertConfig['prompt'], fed: Readonly<Record<string, Tensor>>) {
  const c = config(kind);
  const graph = trace(() => {
    const p = asInputs(spec);
    const x = Object.fromEntries(
      [...names, 'mask' as const].map((name) => [name, input(name, 'f32', fed[name]!.shape)]),
    ) as Record<(typeof names)[number] | 'mask', Value>;
    const prompt = { hidden: x.hidden, mask: x.mask, positions, nextPosition: x.start };
    const context = expertContext(p, prompt, rope, c);
    const noisy = input('noisy', 'f32', [4, 3, 4]);
    output('velocity', expertVelocity(p, context, noisy, reshape(x.noiseFraction, [4]), c));
    const { actions, actionMask, noise, noiseFraction } = x;
    const loss = flowLoss(p, context, { actions, actionMask, drawn: { noise, noiseFraction } }, c);
    output('loss', loss);
    const leaves = flatten<Value>(p);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
    const start = input('firstNoise', 'f32', [2, 3, 4]);
    output('sample', sampleActions(p, context, start, constant(golden['io.dimensions']!), 4, c));
  });
  const noise = golden['io.noise']!.data as Float32Array;
  const firstNoise = f32([...noise.subarray(0, 12), ...noise.subarray(24, 36)], [2, 3, 4]);
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  try {
    return await session.run({ ...weights, ...fed, noisy: noisyActions(fed), firstNoise });
  } finally {
    await session.close();
  }
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

for (const kind of ['joint', 'shared'] as const) {
  test(`${kind}: velocity, loss, gradients and samples are those of the equations`, async () => {
    const results = await run(kind, feeds);
    for (const name of ['velocity', 'loss', 'sample', ...Object.keys(weights).map((weight) => `gradient.${weight}`)]) {
      const difference = largestDifference(results[name]!, golden[`${kind}.${name}`]!);
      assert.ok(difference < 1e-4, `${name}: ${difference}`);
    }
  });

  test(`${kind}: the expert does not see masked tokens of the prompt`, async () => {
    const hidden = golden['io.hidden']!;
    const change = (from: number, to: number): Promise<Record<string, Tensor>> => {
      const data = (hidden.data as Float32Array).slice();
      data.fill(7, from * 10, to * 10);
      return run(kind, { ...feeds, hidden: { ...hidden, data } as Tensor });
    };
    const before = await run(kind, feeds);
    assert.equal(largestDifference((await change(5, 7))['velocity']!, before['velocity']!), 0);
    assert.ok(largestDifference((await change(4, 5))['velocity']!, before['velocity']!) > 1e-3);
  });
}

test('the parameters are those of the equations, name by name', () => {
  const ours = flatten<ParameterSpec>(spec).map(([name]) => name);
  const theirs = Object.keys(golden).filter((name) => !/^(io|joint|shared)\./.test(name));
  assert.deepEqual(ours.sort(), theirs.sort());
});

test('every piece of the published expert has the size that the paper states', () => {
  const { action_expert: expert, model } = qwenVlaSpec(QWEN_VLA_4B, 200);
  const millions = (...trees: Tree<ParameterSpec>[]): number =>
    trees.reduce<number>((sum, tree) => sum + countParameters(tree), 0) / 1e6;
  assert.equal(millions(expert.context_proj).toFixed(1), '3.9');
  assert.equal(millions(expert.time_embed).toFixed(1), '2.8');
  assert.equal(millions(expert.norm_out).toFixed(1), '4.7');
  assert.equal(millions(expert.action_in, expert.action_out).toFixed(1), '4.9');
  assert.equal(millions(expert.blocks[0]!).toFixed(2), '70.78');
  assert.equal(millions(expert.blocks).toFixed(0), '1132');
  assert.equal((millions(expert) / 1000).toFixed(2), '1.15');
  assert.equal(countParameters(expert), 1_148_794_944);
  // As in transformers' Qwen3.5-4B.
  assert.equal(countParameters(model), 4_539_265_536);
  assert.equal(countParameters(model.visual), 333_514_240);
});
