/** @file The whole model against the published weights' code: from pixels and tokens to a chunk of actions. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import type { TokenLayout } from '../../codec/prompt.ts';
import { constant, createSession, input, output, trace } from '../../engine/index.ts';
import { asInputs, flatten, pickTensors } from '../../nn/parameters.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { qwen3VlNetwork } from '../parts/qwen3-vl.ts';
import { XIAOMI_ROBOTICS_0, parseXiaomiConfig } from './config.ts';
import { expertContext } from './expert.ts';
import { sampleActions, xiaomiSpec } from './model.ts';

const golden = goldenTensors('xiaomi-robotics-0');
const [B, T, H, A] = [2, 24, 7, 4];
const config = parseXiaomiConfig(
  {
    ...XIAOMI_ROBOTICS_0,
    vision: {
      ...XIAOMI_ROBOTICS_0.vision,
      patch: 2,
      width: 16,
      layers: 2,
      heads: 2,
      mlpWidth: 24,
      positionGrid: 4,
      outputWidth: 16,
      deepstackLayers: [0],
    },
    language: {
      vocabulary: 32,
      width: 16,
      layers: 3,
      heads: 2,
      kvHeads: 1,
      headWidth: 8,
      mlpWidth: 24,
      ropeTheta: 1000,
      ropeSections: [2, 1, 1],
      normEpsilon: 1e-6,
    },
    expert: {
      ...XIAOMI_ROBOTICS_0.expert,
      width: 16,
      layers: 2,
      headWidth: 8,
      mlpWidth: 64,
      stateDim: 5,
      actionDim: A,
      ropeTheta: 1000,
    },
  },
  'small',
);
const positions = golden['io.positions']!.data as BigInt64Array;
const layout: TokenLayout = {
  length: T,
  images: [
    { camera: 'base', start: 1, count: 8, rows: 4, columns: 2 },
    { camera: 'wrist', start: 11, count: 4, rows: 2, columns: 2 },
  ],
  positions: [0, 1, 2].map((axis) => Array.from(positions.subarray(axis * T, (axis + 1) * T), Number)),
};

test('a chunk is that of the published code', async (t) => {
  const spec = xiaomiSpec(config, T);
  const names = ['base', 'wrist', 'tokens', 'tokenMask', 'state', 'start'];
  const feeds = Object.fromEntries(names.map((name) => [name, golden[`io.${name}`]!]));
  const graph = trace(() => {
    const p = asInputs(spec);
    const read = (name: string) => input(name, feeds[name]!.dtype, feeds[name]!.shape);
    const state = read('state');
    const observation = {
      pixels: { base: read('base'), wrist: read('wrist') },
      tokens: read('tokens'),
      tokenMask: read('tokenMask'),
      lastToken: null,
      state,
    };
    const prompt = encodePrompt(qwen3VlNetwork(p.vlm.model, config), observation, layout, config.prompt);
    output('nextPosition', prompt.nextPosition);
    for (const [i, { keys, values }] of prompt.layers.entries()) {
      output(`keys.${i}`, keys);
      output(`values.${i}`, values);
    }
    const context = expertContext(p, prompt, state, config.expert);
    output('sample', sampleActions(p, context, read('start'), constant(f32([1, 1, 1, 0])), 5, config.expert));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  t.after(() => session.close());
  const results = await session.run({ ...Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden))), ...feeds });
  assert.deepEqual(results['nextPosition']!.data, golden['io.nextPosition']!.data);
  for (const i of [0, 1, 2]) {
    for (const name of [`keys.${i}`, `values.${i}`]) {
      assert.ok(largestUnpadded(results[name]!, golden[`io.${name}`]!) < 2e-5, name);
    }
  }
  const theirs = Float32Array.from(golden['causal.sample']!.data as Float32Array, (x, i) => (i % A === 3 ? 0 : x));
  assert.ok(largestDifference(results['sample']!, f32(theirs, [B, H, A])) < 5e-5);
});

/** Keys and values [B, 1, T, 8] of tokens; what padding has does not matter. */
function largestUnpadded(a: Tensor, b: Tensor): number {
  const mask = golden['io.tokenMask']!.data;
  const kept = (x: Tensor): Tensor =>
    f32(
      Float32Array.from(x.data as Float32Array, (v, i) => v * Number(mask[Math.floor(i / 8)])),
      x.shape as number[],
    );
  return largestDifference(kept(a), kept(b));
}
