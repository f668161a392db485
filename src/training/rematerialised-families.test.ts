/** @file Every family with rematerialisation: each has segments, and learns from the same gradients. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { familyCodec, oneBatch } from '../../tests/contracts/family-learning.ts';
import { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import { createSession, input, output, trace, type Graph } from '../engine/index.ts';
import { FAMILIES } from '../models/families.ts';
import { createFlowTrainable } from '../models/flow-trainable.ts';
import { flatten, materialise, type ParameterSpec } from '../nn/parameters.ts';
import { flatGradient } from './flat-gradient.ts';
import { flatLayout, joinParameters } from './flat-parameters.ts';

for (const family of Object.values(FAMILIES)) {
  test(`${family.name}: gradients agree to a millionth of the largest`, async () => {
    const { codec, config } = familyCodec(family, {}, null);
    const trainable = createFlowTrainable({ family, config, codec, batchSize: 2, draws: 2 });
    const layout = flatLayout(flatten<ParameterSpec>(trainable.parameters));
    const graphOf = (rematerialise: boolean): Graph =>
      trace(() => {
        const weights = input('weights', 'f32', [layout.count]);
        const { gradient, loss } = flatGradient(trainable, layout, weights, { rematerialise });
        output('gradient', gradient);
        output('loss', loss);
      });
    const { rate: _, ...feeds } = oneBatch(trainable, codec, 2)(0);
    const initial = Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(3))));
    const run = async (graph: Graph): Promise<Record<string, Tensor>> => {
      const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
      const results = await session.run({ ...feeds, weights: joinParameters(layout, initial) });
      await session.close();
      return results;
    };
    const graphs = [graphOf(false), graphOf(true)] as const;
    assert.ok(graphs[1].nodes.length > 1.2 * graphs[0].nodes.length, 'it has segments');
    const [kept, again] = [await run(graphs[0]), await run(graphs[1])];
    assert.ok(Math.abs(Number(again['loss']!.data[0]) - Number(kept['loss']!.data[0])) < 1e-6);
    const [a, b] = [kept['gradient']!.data as Float32Array, again['gradient']!.data as Float32Array];
    const largest = a.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    const worst = a.reduce((most, g, i) => Math.max(most, Math.abs(g - b[i]!)), 0);
    assert.ok(worst <= 1e-6 * largest, `${worst} of ${largest}`);
  });
}
