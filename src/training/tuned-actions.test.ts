/** @file A policy with adapters beside its matrices, and the one that they were merged into, act alike. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { tinySample } from '../../tests/codec-fixtures.ts';
import { familyCodec } from '../../tests/contracts/family-learning.ts';
import { largestDifference } from '../../tests/golden-tensors.ts';
import { Random } from '../base/random.ts';
import { f32, zeros, type Tensor } from '../base/tensor.ts';
import type { Codec } from '../codec/policy-codec.ts';
import { constant, createSession, input, output, trace, weight, type Graph, type Value } from '../engine/index.ts';
import { FAMILIES } from '../models/families.ts';
import { modelSpec, observationNames, promptInputs } from '../models/flow-trainable.ts';
import { inferenceGraph } from '../models/flow-policy.ts';
import { flatten, materialise, type ParameterSpec } from '../nn/parameters.ts';
import { joinTree, mergeTuned, planTuning } from './tuning.ts';

const STEPS = 3;

for (const family of Object.values(FAMILIES)) {
  test(`${family.name}: actions with merged and with separate adapters agree`, async () => {
    const { codec, config } = familyCodec(family, {}, null);
    const spec = modelSpec(family, config, codec);
    const plan = planTuning(spec, {
      freeze: ['**'],
      lora: { rank: 2, alpha: 4, targets: ['**'] },
    });
    const base = Object.fromEntries(flatten<Tensor>(materialise(spec, new Random(1))));
    const noisy = new Random(2);
    // Adapters that have learnt: none of them is zero.
    const trained = Object.fromEntries(
      Object.entries(plan.trained).map(([name, { shape }]) => {
        const values = zeros('f32', shape);
        for (let i = 0; i < values.data.length; i++) values.data[i] = 0.1 * noisy.normal();
        return [name, values];
      }),
    );
    const separate = trace(() => {
      const bind = (specs: Readonly<Record<string, ParameterSpec>>) =>
        Object.fromEntries(Object.entries(specs).map(([name, { shape }]) => [name, weight(name, 'f32', shape)]));
      const p = joinTree(spec, plan, bind(plan.trained), bind(plan.frozen));
      const offered = codec.observationInputs(1);
      const names = observationNames(family, config, codec, false);
      const read = (name: string): Value => input(name, offered[name]!.dtype, offered[name]!.shape);
      const observation = promptInputs(codec, Object.fromEntries(names.map((name) => [name, read(name)])));
      const noise = input('noise', 'f32', [1, codec.horizon, codec.actionDim]);
      const prompt = family.encode(p, observation, codec.layout, config);
      const context = family.context(p, prompt, observation.state, config);
      const dimensions = constant(f32(codec.actionDimensions));
      output('actions', family.sample(p, context, noise, dimensions, STEPS, config));
    });
    const merged = mergeTuned(spec, plan, trained, (name) => base[name]!);
    const plain = inferenceGraph(family, config, codec, STEPS);
    const expected = await act(codec, separate, { ...base, ...trained });
    assert.ok(largestDifference(await act(codec, plain, merged), expected) < 1e-6);
    assert.ok(largestDifference(await act(codec, plain, base), expected) > 1e-4);
  });
}

async function act(codec: Codec, graph: Graph, weights: Readonly<Record<string, Tensor>>): Promise<Tensor> {
  const session = await createSession(graph, { runtime: 'cpu', threads: 1, weights });
  const encoded = codec.encodeObservation(tinySample(5));
  const random = new Random(3);
  const noise = zeros('f32', [1, codec.horizon, codec.actionDim]);
  for (let i = 0; i < noise.data.length; i++) noise.data[i] = random.normal();
  const names = Object.keys(session.inputs).filter((name) => name !== 'noise');
  const { actions } = await session.run({ ...Object.fromEntries(names.map((name) => [name, encoded[name]!])), noise });
  await session.close();
  return actions!;
}
