/** @file The vision-language model against Hugging Face's Qwen3-VL, and what the small model's additions do. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign } from '../../../tests/codec-fixtures.ts';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { Random } from '../../base/random.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import type { TokenLayout } from '../../codec/prompt.ts';
import { createSession, input, output, trace } from '../../engine/index.ts';
import {
  asInputs,
  countParameters,
  flatten,
  materialise,
  pickTensors,
  type ParameterSpec,
} from '../../nn/parameters.ts';
import { ZR0_2B } from '../zr-0/config.ts';
import { encodePrompt } from './prompt-encoder.ts';
import { qwen3VlNetwork, qwen3VlSpec, type Qwen3VlConfig } from './qwen3-vl.ts';
import { visionTower } from './vision-tower.ts';

const golden = goldenTensors('qwen3-vl');
const T = 44;
const config: Qwen3VlConfig = {
  vision: {
    patch: 2,
    temporal: 2,
    merge: 2,
    width: 16,
    layers: 2,
    heads: 2,
    mlpWidth: 24,
    positionGrid: 5,
    outputWidth: 24,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    deepstackLayers: [0],
  },
  language: {
    vocabulary: 32,
    width: 24,
    layers: 2,
    heads: 4,
    kvHeads: 2,
    headWidth: 12,
    mlpWidth: 32,
    ropeTheta: 1000,
    ropeSections: [3, 2, 1],
    normEpsilon: 1e-6,
  },
  prompt: { attention: 'causal', stateToken: false, learnedPositions: false },
};
/** The golden prompt's places are those of the fixture's prompt. */
const { images, positions } = codecOf(tinyDesign).layout;
const layout: TokenLayout = { length: T, images, positions: positions.map((axis) => axis.slice(0, T)) };

const feeds = {
  'pixels.front': golden['io.front']!,
  'pixels.wrist': golden['io.wrist']!,
  tokens: golden['io.tokens']!,
  tokenMask: golden['io.tokenMask']!,
  state: f32([0.5, -1, 2, 0.25, 1, -0.5], [2, 3]),
};

/** Runs the encoder with the given weights: hidden states, readout, and image tokens. */
async function encode(c: Qwen3VlConfig, weights: Readonly<Record<string, Tensor>>, fed: Record<string, Tensor>) {
  const spec = { model: qwen3VlSpec(c, { state: 3, tokens: T }) };
  const graph = trace(() => {
    const { model } = asInputs(spec);
    const read = (name: string) => input(name, fed[name]!.dtype, fed[name]!.shape);
    const pixels = { front: read('pixels.front'), wrist: read('pixels.wrist') };
    const patched = images.map(({ camera, rows, columns }) => ({
      pixels: pixels[camera as 'front' | 'wrist'],
      rows,
      columns,
    }));
    const vision = visionTower(model.visual, patched, c.vision);
    output('visual', vision.tokens);
    for (const [i, features] of vision.deepstack.entries()) output(`deepstack.${i}`, features);
    const inputs = {
      pixels,
      tokens: read('tokens'),
      tokenMask: read('tokenMask'),
      lastToken: null,
      state: read('state'),
    };
    const lastToken = c.prompt.stateToken ? null : input('lastToken', 'f32', [2, T]);
    const encoded = encodePrompt(qwen3VlNetwork(model, c), { ...inputs, lastToken }, layout, c.prompt);
    output('hidden', encoded.hidden);
    output('readout', encoded.readout!);
    output('nextPosition', encoded.nextPosition);
    for (const [i, { keys, values }] of encoded.layers.entries()) {
      output(`keys.${i}`, keys);
      output(`values.${i}`, values);
    }
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  try {
    const lastToken = f32(new Float32Array(2 * T), [2, T]);
    for (const [b, last] of [35, 43].entries()) lastToken.data[b * T + last] = 1;
    return await session.run({
      ...Object.fromEntries(flatten<Tensor>(pickTensors(spec, weights))),
      ...fed,
      ...(c.prompt.stateToken ? {} : { lastToken }),
    });
  } finally {
    await session.close();
  }
}

test('the parameters are those of the checkpoint, name by name', () => {
  const names = flatten<ParameterSpec>({ model: qwen3VlSpec(config, { state: 3, tokens: T }) }).map(([name]) => name);
  const expected = Object.keys(golden).filter((name) => name.startsWith('model.'));
  assert.deepEqual(names.sort(), expected.sort());
});

test('the published vision-language model has 2,127,532,032 parameters', () => {
  const published = qwen3VlSpec(ZR0_2B, { state: 64, tokens: 200 });
  assert.equal(countParameters(published), 2_127_532_032);
  assert.equal(countParameters(published.visual), 406_957_056);
});

test('rotary positions are those of Qwen3-VL', () => {
  const { data } = golden['io.positions']!;
  assert.deepEqual(layout.positions.flat(), Array.from(data, Number));
});

test('image tokens, DeepStack features and hidden states are those of Qwen3-VL', async () => {
  const results = await encode(config, golden, feeds);
  assert.ok(largestDifference(results['visual']!, golden['io.visual']!) < 2e-5);
  assert.ok(largestDifference(results['deepstack.0']!, golden['io.deepstack']!) < 2e-5);
  const hidden = masked(results['hidden']!);
  assert.ok(largestDifference(hidden, masked(golden['io.hidden']!)) < 5e-5);
  // What an expert reads: keys and values of every layer, and where its own positions begin.
  for (const i of [0, 1]) {
    for (const part of ['keys', 'values']) {
      const [ours, theirs] = [results[`${part}.${i}`]!, golden[`io.${part}.${i}`]!];
      assert.deepEqual(ours.shape, theirs.shape);
      assert.ok(largestDifference(masked(ours, 12, 2), masked(theirs, 12, 2)) < 2e-5, `${part} of layer ${i}`);
    }
  }
  const next = (t: number): number => Number(golden['io.positions']!.data[t]) + 1;
  assert.deepEqual([...results['nextPosition']!.data], [next(35), next(43)]);
  // The readout is the last token of each prompt.
  const last = [35, 43].map((t, b) => hidden.data.subarray((b * T + t) * 24, (b * T + t + 1) * 24) as Float32Array);
  assert.ok(
    largestDifference(
      results['readout']!,
      f32(
        last.flatMap((row) => [...row]),
        [2, 24],
      ),
    ) < 1e-6,
  );
});

/** Tensors [2, heads, T, width] with what belongs to padding set to zero: what padding computes is nobody's business. */
function masked(hidden: Tensor, width = 24, heads = 1): Tensor {
  const mask = golden['io.tokenMask']!.data;
  const seen = (i: number): number => {
    const row = Math.floor(i / width);
    return Number(mask[Math.floor(row / (heads * T)) * T + (row % T)]);
  };
  return f32(
    Float32Array.from(hidden.data as Float32Array, (value, i) => value * seen(i)),
    hidden.shape,
  );
}

const bidirectional: Qwen3VlConfig = {
  ...config,
  prompt: { attention: 'bidirectional', stateToken: true, learnedPositions: true },
};

test('with bidirectional attention image tokens see the text, and nobody sees padding', async () => {
  const weights = Object.fromEntries(
    flatten<Tensor>({
      model: materialise(qwen3VlSpec(bidirectional, { state: 3, tokens: T }), new Random(1)),
    }),
  );
  const change = (token: number) => {
    const data = (feeds.tokens.data as BigInt64Array).slice();
    data[token] = (data[token]! + 1n) % 30n;
    return { ...feeds, tokens: { ...feeds.tokens, data } as Tensor };
  };
  const rows = (hidden: Tensor, from: number, to: number) =>
    f32((hidden.data as Float32Array).slice(from * 24, to * 24), [to - from, 24]);
  const before = await encode(bidirectional, weights, feeds);
  assert.deepEqual(before['hidden']!.shape, [2, T + 1, 24]);
  const other = await encode(bidirectional, weights, change(30));
  assert.ok(largestDifference(rows(other['hidden']!, 2, 18), rows(before['hidden']!, 2, 18)) > 1e-3);
  // Token 40 of the first prompt is padding: neither its real tokens nor the state token change.
  const padding = await encode(bidirectional, weights, change(40));
  assert.equal(largestDifference(rows(padding['hidden']!, 0, 36), rows(before['hidden']!, 0, 36)), 0);
  assert.equal(largestDifference(rows(padding['readout']!, 0, 1), rows(before['readout']!, 0, 1)), 0);
  // The readout is the state token's.
  assert.equal(largestDifference(rows(before['readout']!, 0, 1), rows(before['hidden']!, T, T + 1)), 0);
  const state = { ...feeds, state: f32([0, -1, 2, 0.25, 1, -0.5], [2, 3]) };
  const moved = await encode(bidirectional, weights, state);
  assert.ok(largestDifference(rows(moved['readout']!, 0, 1), rows(before['readout']!, 0, 1)) > 1e-3);
});

test('with causal attention no token sees what follows', async () => {
  const data = (feeds.tokens.data as BigInt64Array).slice();
  data[30] = (data[30]! + 1n) % 30n;
  const before = await encode(config, golden, feeds);
  const after = await encode(config, golden, { ...feeds, tokens: { ...feeds.tokens, data } as Tensor });
  const rows = (hidden: Tensor, to: number) => f32((hidden.data as Float32Array).slice(0, to * 24), [to, 24]);
  assert.equal(largestDifference(rows(after['hidden']!, 30), rows(before['hidden']!, 30)), 0);
  assert.ok(largestDifference(rows(after['hidden']!, 31), rows(before['hidden']!, 31)) > 1e-3);
});
