/** @file The whole model against the published weights' code: from pixels and tokens to a chunk of actions. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { GOLDEN_XIAOMI, goldenXiaomiLayout } from '../../../tests/golden-models.ts';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { constant, createSession, input, output, trace } from '../../engine/index.ts';
import { asInputs, flatten, pickTensors } from '../../nn/parameters.ts';
import { encodePrompt } from '../parts/prompt-encoder.ts';
import { qwen3VlNetwork } from '../parts/qwen3-vl.ts';
import { expertContext } from './expert.ts';
import { sampleActions, xiaomiSpec } from './model.ts';

const golden = goldenTensors('xiaomi-robotics-0');
const config = GOLDEN_XIAOMI;
const layout = goldenXiaomiLayout();
const [B, T, H, A] = [2, 24, 7, 4];

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
