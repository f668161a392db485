/** @file Every family with products in 16-bit floats: the loss and the gradient of one batch near those in f32, and actions, too. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { familyCodec, oneBatch } from '../../tests/contracts/family-learning.ts';
import { Random } from '../base/random.ts';
import type { Tensor } from '../base/tensor.ts';
import { createSession, input, output, trace, type Arithmetic, type Runtime } from '../engine/index.ts';
import { halfFloatsMissing } from '../engine/runtimes/half-floats.ts';
import { webGpuMissing } from '../engine/runtimes/webgpu-driver.ts';
import { FAMILIES } from '../models/families.ts';
import { inferenceGraph } from '../models/flow-policy.ts';
import { createFlowTrainable } from '../models/flow-trainable.ts';
import { flatten, materialise, type ParameterSpec } from '../nn/parameters.ts';
import { flatGradient } from './flat-gradient.ts';
import { flatLayout, joinParameters } from './flat-parameters.ts';

const missingWebGpu = await webGpuMissing();
const missing = missingWebGpu === false ? await halfFloatsMissing() : missingWebGpu;
const SAMPLES = 2;
const STEPS = 5;
/** Gradients times this are mostly beyond 6e-5, from where on f16 has all its digits. */
const SCALE = 2 ** 12;

const numbers = (x: Tensor | undefined): Float32Array => x!.data as Float32Array;
/** The length of the difference over the length of what is expected. */
function distance(wanted: Float32Array, got: Float32Array): number {
  const length = (of: (i: number) => number): number => Math.sqrt(wanted.reduce((sum, _, i) => sum + of(i) ** 2, 0));
  return length((i) => wanted[i]! - got[i]!) / length((i) => wanted[i]!);
}

for (const [runtime, skip] of [
  ['cpu', false],
  ['webgpu', missing],
] as const satisfies readonly (readonly [Runtime, string | false])[]) {
  for (const family of Object.values(FAMILIES)) {
    test(`${family.name}: loss, gradient and actions in f16, on ${runtime}`, { skip }, async () => {
      const { codec, config } = familyCodec(family, {}, null);
      const trainable = createFlowTrainable({ family, config, codec, batchSize: SAMPLES, draws: 2 });
      const layout = flatLayout(flatten<ParameterSpec>(trainable.parameters));
      const weights = Object.fromEntries(flatten<Tensor>(materialise(trainable.parameters, new Random(3))));
      const graph = trace(() => {
        const vector = input('weights', 'f32', [layout.count]);
        const { gradient, loss } = flatGradient(trainable, layout, vector, {}, input('scale', 'f32', []));
        output('gradient', gradient);
        output('loss', loss);
      });
      const { rate: _, ...batch } = oneBatch(trainable, codec, SAMPLES)(0);
      const scale: Tensor = { dtype: 'f32', shape: [], data: Float32Array.of(SCALE) };
      const acts = inferenceGraph(family, config, codec, STEPS, { batch: SAMPLES });
      const run = async (arithmetic: Arithmetic): Promise<Record<string, Tensor>> => {
        const where = { runtime, threads: 1, arithmetic } as const;
        const learning = await createSession(graph, where);
        const learned = await learning.run({ ...batch, scale, weights: joinParameters(layout, weights) });
        await learning.close();
        const acting = await createSession(acts, { ...where, weights });
        const feeds = Object.entries(acting.inputs).map(([name, { shape }]): [string, Tensor] => {
          if (name !== 'noise') return [name, batch[name]!];
          const random = new Random(4);
          const count = (shape as number[]).reduce((a, b) => a * b, 1);
          return [
            name,
            {
              dtype: 'f32',
              shape: shape as number[],
              data: Float32Array.from({ length: count }, () => random.normal()),
            },
          ];
        });
        const acted = await acting.run(Object.fromEntries(feeds));
        await acting.close();
        return { ...learned, ...acted };
      };
      const [wide, half] = [await run('f32'), await run('f16')];
      const lossError = Math.abs(numbers(half['loss'])[0]! / numbers(wide['loss'])[0]! - 1);
      const gradientError = distance(numbers(wide['gradient']), numbers(half['gradient']));
      const actionError = distance(numbers(wide['actions']), numbers(half['actions']));
      // Measured on cpu: at most 2e-5, 4e-3 and 7e-5; the kernels of a card also add in f16.
      assert.ok(lossError < 1e-3, `loss: ${lossError}`);
      assert.ok(gradientError > 1e-5 && gradientError < 0.03, `gradient: ${gradientError}`);
      assert.ok(actionError > 1e-6 && actionError < 0.01, `actions: ${actionError}`);
    });
  }
}
