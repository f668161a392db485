/** @file The gradient of the whole loss, from pixels and tokens to velocity and heads, against central differences in fp64. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinySample } from '../../../tests/codec-fixtures.ts';
import { Random } from '../../base/random.ts';
import type { Tensor } from '../../base/tensor.ts';
import { createSession, gradient, input, output, sub, trace, type Value } from '../../engine/index.ts';
import { asInputs, flatten, materialise } from '../../nn/parameters.ts';
import { parseZr0Config, tinyZr0 } from './config.ts';
import { createFlowTrainable } from '../flow-trainable.ts';
import { zr0 } from './family.ts';

/** Few patches and a short prompt: the reference runtime is plain TypeScript. */
const codec = codecOf({
  ...tinyDesign,
  cameras: tinyDesign.cameras.map((camera) => ({
    ...camera,
    steps: [{ kind: 'resize', width: 16, height: 16, filter: 'bilinear' }],
    width: 16,
    height: 16,
    augmentation: null,
  })),
});
const tiny = tinyZr0({
  vocabulary: codec.tokenizer.vocabularySize,
  stateDim: codec.stateDim,
  actionDim: codec.actionDim,
  supervision: {
    target: { kind: 'pointer', input: 'targetPatch', weight: 0.5, camera: 'front' },
    place: { kind: 'values', input: 'targetPosition', weight: 0.5, size: 3, mask: null },
    subtask: { kind: 'class', input: 'subtask', weight: 0.5, classes: 3 },
  },
});
const micro = {
  vision: { ...tiny.vision, width: 8, layers: 2, heads: 2, mlpWidth: 8, positionGrid: 3, outputWidth: 12 },
  language: { ...tiny.language, width: 12, layers: 2, heads: 2, kvHeads: 1, headWidth: 6, mlpWidth: 8 },
  expert: {
    ...tiny.expert,
    transformer: { ...tiny.expert.transformer, heads: 2, headWidth: 6, mlpWidth: 8, outputWidth: 6, timeFeatures: 4 },
    mlpWidth: 6,
  },
};
const config = parseZr0Config(
  {
    ...tiny,
    vision: { ...micro.vision, deepstackLayers: [0] },
    language: { ...micro.language, ropeSections: [1, 1, 1] },
    expert: micro.expert,
  },
  'micro',
);

test('every parameter’s gradient agrees with central differences', async () => {
  const trainable = createFlowTrainable({ family: zr0, config, codec, batchSize: 1, draws: 2 });
  const graph = trace(() => {
    const parameters = asInputs(trainable.parameters);
    const feeds = Object.fromEntries(
      Object.entries(trainable.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    const { loss } = trainable.loss(parameters, feeds);
    output('loss', loss);
    const leaves = flatten<Value>(parameters);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);
  });
  const losses = trace(() => {
    const feeds = Object.fromEntries(
      Object.entries(trainable.inputs).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    );
    // The difference from a number near it: tensors come back in f32, whose rounding would drown small differences.
    output('loss', sub(trainable.loss(asInputs(trainable.parameters), feeds).loss, input('base', 'f32', [])));
  });
  const randoms = [new Random(1)];
  const all = { ...codec.collate([tinySample(1)], randoms), ...trainable.draw(randoms) };
  const feeds = Object.fromEntries(Object.keys(trainable.inputs).map((name) => [name, all[name]!]));
  // Values and steps are multiples of a power of two, so that value ± step is exact in f32.
  const unit = 2 ** -14;
  const weights = Object.fromEntries(
    flatten<Tensor>(materialise(trainable.parameters, new Random(5))).map(([name, { shape, data }]) => [
      name,
      { dtype: 'f32', shape, data: (data as Float32Array).map((value) => Math.round(value / unit) * unit) } as Tensor,
    ]),
  );
  const session = await createSession(graph, { runtime: 'reference', precision: 'f64' });
  const results = await session.run({ ...weights, ...feeds });
  await session.close();
  const forward = await createSession(losses, { runtime: 'reference', precision: 'f64' });
  const random = new Random(6);
  for (const [name, { shape, data }] of Object.entries(weights)) {
    const signs = Float32Array.from(data as Float32Array, () => (random.uniform() < 0.5 ? -unit : unit));
    const at = async (sign: number): Promise<number> => {
      const moved = (data as Float32Array).map((value, i) => value + sign * signs[i]!);
      const { loss } = await forward.run({
        ...weights,
        ...feeds,
        base: results['loss']!,
        [name]: { dtype: 'f32', shape, data: moved },
      });
      return Number(loss!.data[0]);
    };
    const measured = (await at(1)) - (await at(-1));
    const slope = results[`gradient.${name}`]!.data as Float32Array;
    let expected = 0;
    let size = 0;
    for (const [i, sign] of signs.entries()) {
      expected += 2 * slope[i]! * sign;
      size += Math.abs(2 * slope[i]! * sign);
    }
    assert.ok(
      Math.abs(measured - expected) <= 2e-4 * size + 1e-10,
      `${name}: measured ${measured}, expected ${expected} (Σ|·| ${size})`,
    );
    assert.ok(size > 0, `${name} has no gradient`);
  }
  await forward.close();
});
