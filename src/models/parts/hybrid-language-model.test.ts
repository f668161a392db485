/** @file The hybrid decoder against Hugging Face's Qwen3.5: prompts with images and padding, gradients, decoding token by token. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import {
  add,
  concat,
  constant,
  createSession,
  gradient,
  input,
  mul,
  output,
  reduceSum,
  reshape,
  slice,
  split,
  trace,
  type Value,
} from '../../engine/index.ts';
import { HIDDEN } from '../../nn/attention.ts';
import { embedding } from '../../nn/embedding.ts';
import { asInputs, flatten, pickTensors, type ParameterSpec } from '../../nn/parameters.ts';
import { interleavedRotaryAngles, rotaryTableAt, rotaryTable } from '../../nn/rotary.ts';
import { hybridLanguageModel, hybridLanguageModelSpec, type HybridLanguageConfig } from './hybrid-language-model.ts';
import { visionTower, visionTowerSpec, type VisionConfig } from './vision-tower.ts';

const golden = goldenTensors('qwen3-5');
const [T, NEW] = [84, 3];
const lengths = [70, 84];
const vision: VisionConfig = {
  patch: 2,
  temporal: 2,
  merge: 2,
  width: 16,
  layers: 2,
  heads: 2,
  mlpWidth: 24,
  positionGrid: 5,
  outputWidth: 20,
  ropeTheta: 10_000,
  normEpsilon: 1e-6,
  deepstackLayers: [],
};
const config: HybridLanguageConfig = {
  vocabulary: 32,
  width: 20,
  layers: 4,
  attentionPeriod: 4,
  heads: 2,
  kvHeads: 1,
  headWidth: 24,
  rotaryWidth: 12,
  mlpWidth: 28,
  delta: { keyHeads: 2, valueHeads: 4, keyWidth: 6, valueWidth: 5, kernel: 4 },
  ropeTheta: 1000,
  ropeSections: [3, 2, 1],
  normEpsilon: 1e-6,
};
const spec = { model: { visual: visionTowerSpec(vision), language_model: hybridLanguageModelSpec(config) } };
const images = [
  { start: 2, count: 16, rows: 4, columns: 4 },
  { start: 21, count: 4, rows: 2, columns: 2 },
];
const positions = [0, 1, 2].map((axis) =>
  Array.from((golden['io.positions']!.data as BigInt64Array).subarray(axis * T, (axis + 1) * T), Number),
);
/** Causal, and without padding: [2, 1, T, T]. */
const mask = f32(
  Float32Array.from({ length: 2 * T * T }, (_, at) => {
    const [b, t, s] = [Math.floor(at / T / T), Math.floor(at / T) % T, at % T];
    return s <= t && s < lengths[b]! ? 0 : HIDDEN;
  }),
  [2, 1, T, T],
);

/** The prompt's embeddings with image tokens in their places. */
function embed(p: { readonly embed_tokens: { readonly weight: Value } }, tokens: Value, visual: Value): Value {
  const text = embedding(p.embed_tokens, tokens);
  const [first, second] = split(visual, 1, [16, 4]);
  return concat([slice(text, 1, 0, 2), first!, slice(text, 1, 18, 21), second!, slice(text, 1, 25, T)], 1);
}

async function encode(): Promise<Record<string, Tensor>> {
  const feeds = {
    tokens: golden['io.tokens']!,
    newTokens: golden['io.newTokens']!,
    tokenMask: golden['io.tokenMask']!,
  };
  const graph = trace(() => {
    const { model } = asInputs(spec);
    const x = Object.fromEntries(
      Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
    ) as Record<keyof typeof feeds, Value>;
    const pixels = [golden['io.front']!, golden['io.wrist']!].map((tensor) => constant(tensor));
    const visual = visionTower(
      model.visual,
      images.map(({ rows, columns }, i) => ({ pixels: pixels[i]!, rows, columns })),
      vision,
    ).tokens;
    output('visual', visual);
    const angles = interleavedRotaryAngles(positions, config.ropeSections, config.rotaryWidth, config.ropeTheta);
    const context = { rotary: rotaryTable(angles, 2), mask: constant(mask), tokenMask: x.tokenMask, states: null };
    const embeddings = embed(model.language_model, x.tokens, visual);
    const prompt = hybridLanguageModel(model.language_model, embeddings, context, config);
    output('hidden', mul(prompt.hidden, reshape(x.tokenMask, [2, T, 1])));

    const loss = reduceSum(mul(prompt.hidden, constant(golden['io.weighting']!)));
    const leaves = flatten<Value>(model.language_model);
    const gradients = gradient(
      loss,
      leaves.map(([, leaf]) => leaf),
    );
    for (const [i, [name]] of leaves.entries()) output(`gradient.${name}`, gradients[i]!);

    let { states } = prompt;
    const decoded: Value[] = [];
    const next = lengths.map((length) => Math.max(...positions.map((axis) => axis[length - 1]!)) + 1);
    for (let i = 0; i < NEW; i++) {
      const seen = constant(seenWhileDecoding(lengths, i + 1));
      const step = hybridLanguageModel(
        model.language_model,
        embedding(model.language_model.embed_tokens, slice(x.newTokens, 1, i, i + 1)),
        {
          rotary: rotaryTableAt(
            reshape(add(constant(next), constant(i)), [2, 1]),
            config.rotaryWidth,
            config.ropeTheta,
          ),
          mask: seen,
          tokenMask: null,
          states,
        },
        config,
      );
      states = step.states;
      decoded.push(step.hidden);
    }
    output('decoded', concat(decoded, 1));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1 });
  const weights = Object.fromEntries(flatten<Tensor>(pickTensors(spec, golden)));
  try {
    return await session.run({ ...weights, ...feeds });
  } finally {
    await session.close();
  }
}

/** Which of T prompt tokens and `count` new ones may be seen: [2, 1, 1, T + count]. */
function seenWhileDecoding(real: readonly number[], count: number): Tensor {
  const S = T + count;
  return f32(
    Float32Array.from({ length: 2 * S }, (_, at) => (at % S < real[Math.floor(at / S)]! || at % S >= T ? 0 : HIDDEN)),
    [2, 1, 1, S],
  );
}

const encoding = encode();

test('the parameters are those of the checkpoint, name by name', () => {
  const ours = flatten<ParameterSpec>(spec).map(([name]) => name);
  const theirs = Object.keys(golden).filter((name) => name.startsWith('model.'));
  assert.deepEqual(ours.sort(), theirs.sort());
});

test('image tokens, hidden states and gradients are those of Qwen3.5, over more than one chunk and with padding', async () => {
  const results = await encoding;
  assert.ok(largestDifference(results['visual']!, golden['io.visual']!) < 2e-5);
  const expected = Float32Array.from(
    golden['io.hidden']!.data as Float32Array,
    (value, at) => value * Number(golden['io.tokenMask']!.data[Math.floor(at / 20)]),
  );
  // In 64 bits the difference is as large: it is the reference's rounding.
  assert.ok(largestDifference(results['hidden']!, f32(expected, [2, T, 20])) < 1e-4);
  for (const name of Object.keys(golden).filter((key) => key.startsWith('gradient.'))) {
    const size = Math.max(1, ...Array.from(golden[name]!.data as Float32Array, Math.abs));
    const difference = largestDifference(results[name]!, golden[name]!) / size;
    assert.ok(difference < 1e-4, `${name}: ${difference}`);
  }
});

test('decoding from the state of a padded prompt gives what the whole sequence gives', async () => {
  const results = await encoding;
  assert.ok(largestDifference(results['decoded']!, golden['io.decoded']!) < 5e-5);
});
