/** @file Generated text against transformers' own generate: tokens, and the logits of every step; stops, seeds and refusals. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, tinyDesign, tinySample } from '../../../tests/codec-fixtures.ts';
import { goldenTensors, largestDifference } from '../../../tests/golden-tensors.ts';
import { f32, type Tensor } from '../../base/tensor.ts';
import { webGpuMissing } from '../../engine/runtimes/webgpu-driver.ts';
import type { Runtime } from '../../engine/index.ts';
import { createTextGenerator, type GenerationOptions, type TextGenerator } from './text-generation.ts';
import { textPrompt, type PromptImage, type TextPrompt } from './text-prompt.ts';
import { qwen3VlText } from './qwen3-vl-text.ts';

const golden = goldenTensors('text-generation');
const model = goldenTensors('qwen3-vl');
const vision = {
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
};
const language = {
  vocabulary: 32,
  width: 24,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headWidth: 12,
  mlpWidth: 32,
  ropeTheta: 1000,
  ropeSections: [3, 2, 1] as const,
  normEpsilon: 1e-6,
};
const { layout } = codecOf(tinyDesign);
const numbers = ({ data }: Tensor): number[] => Array.from(data as BigInt64Array, Number);
const GREEDY: GenerationOptions = { maxTokens: 14, stopTokens: [], sampling: { kind: 'greedy' } };

/** The first sample of a golden image batch. */
function firstImage(name: string, { start, rows, columns }: (typeof layout.images)[number]): PromptImage {
  const { shape, data } = model[name]!;
  const size = shape[1]! * shape[2]!;
  return { start, rows, columns, patches: f32((data as Float32Array).slice(0, size), shape.slice(1)) };
}

const tokens = numbers(golden['images.tokens']!);
const withImages: TextPrompt = {
  tokens,
  positions: layout.positions.map((axis) => axis.slice(0, tokens.length)),
  images: [firstImage('io.front', layout.images[0]!), firstImage('io.wrist', layout.images[1]!)],
};
const text = numbers(golden['text.tokens']!);
const textOnly: TextPrompt = { tokens: text, positions: [0, 1, 2].map(() => text.map((_, i) => i)), images: [] };

function open(runtime: Runtime, capacity = 60): Promise<TextGenerator> {
  return createTextGenerator({
    model: qwen3VlText({ vision, language }, { head: 'tied', places: null }),
    capacity,
    weights: model,
    session: runtime === 'cpu' ? { runtime, threads: 1 } : { runtime },
  });
}

const missingWebGpu = await webGpuMissing();
for (const [runtime, skip] of [
  ['cpu', false],
  ['webgpu', missingWebGpu],
  ['reference', false],
] as const) {
  test(`${runtime}: tokens and logits are those of transformers, prompt after prompt`, { skip }, async (t) => {
    const generator = await open(runtime);
    t.after(() => generator.close());
    // The second text begins in a cache that the first one filled.
    for (const [name, prompt] of [
      ['images', withImages],
      ['text', textOnly],
      ['images', withImages],
    ] as const) {
      const chosen: number[] = [];
      const logits: number[] = [];
      for await (const step of generator.stream(prompt, GREEDY)) {
        chosen.push(step.token);
        logits.push(...step.logits);
      }
      assert.deepEqual(chosen, numbers(golden[`${name}.generated`]!));
      assert.ok(largestDifference(f32(logits, [14, 32]), golden[`${name}.logits`]!) < 1e-4);
    }
  });
}

test('a text ends before its stop token, or at its greatest length', async (t) => {
  const generator = await open('cpu');
  t.after(() => generator.close());
  const all = numbers(golden['text.generated']!);
  const stop = all[6]!;
  assert.deepEqual(await generator.generate(textOnly, { ...GREEDY, stopTokens: [99, stop] }), {
    tokens: all.slice(0, all.indexOf(stop)),
    stoppedBy: stop,
  });
  assert.deepEqual(await generator.generate(textOnly, { ...GREEDY, maxTokens: 3 }), {
    tokens: all.slice(0, 3),
    stoppedBy: null,
  });
  // A stream that is left early leaves the generator free for the next text.
  for await (const step of generator.stream(withImages, GREEDY)) {
    assert.ok(step.token >= 0);
    break;
  }
  assert.deepEqual((await generator.generate(textOnly, GREEDY)).tokens, all);
});

test('a seed names a drawn text, and the whole capacity can be used', async (t) => {
  const generator = await open('cpu', text.length + 13);
  t.after(() => generator.close());
  const draw = async (seed: number): Promise<readonly number[]> => {
    const sampling = { kind: 'top-p', p: 0.95, temperature: 2, seed } as const;
    return (await generator.generate(textOnly, { ...GREEDY, sampling })).tokens;
  };
  const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
  assert.deepEqual(again, first);
  assert.notDeepEqual(other, first);
  const cold = { kind: 'top-p', p: 0.5, temperature: 1e-3, seed: 3 } as const;
  assert.deepEqual(
    (await generator.generate(textOnly, { ...GREEDY, sampling: cold })).tokens,
    numbers(golden['text.generated']!),
  );
});

test('a prompt of a codec goes in without its padding', async () => {
  const codec = codecOf(tinyDesign);
  const prompt = textPrompt(
    qwen3VlText({ vision, language }, { head: 'tied', places: null }),
    codec.layout,
    codec.encodeObservation(tinySample(5)),
  );
  const count = prompt.tokens.length;
  assert.ok(count > 20 && count < codec.layout.length);
  assert.deepEqual(
    prompt.positions.map((axis) => axis.length),
    [count, count, count],
  );
  assert.deepEqual(
    prompt.images.map(({ patches }) => patches.shape.length),
    [2, 2],
  );
});

test('what does not fit is refused before anything runs', async (t) => {
  const generator = await open('cpu', 40);
  t.after(() => generator.close());
  const refused = (prompt: TextPrompt, wanted: GenerationOptions, message: RegExp): Promise<void> =>
    assert.rejects(generator.generate(prompt, wanted), { code: 'bad-argument', message });
  await refused(withImages, GREEDY, /expected at most 40 tokens of prompt and text, got 36 \+ 14/);
  await refused({ ...textOnly, tokens: [], positions: [[], [], []] }, GREEDY, /expected a prompt, got no tokens/);
  await refused({ ...textOnly, positions: [[0]] }, GREEDY, /expected positions \[3, 9\], got \[1, 1\]/);
  await refused(textOnly, { ...GREEDY, maxTokens: 0 }, /expected maxTokens of at least 1, got 0/);
  const [image] = withImages.images;
  await refused({ ...textOnly, images: [image!] }, GREEDY, /expected an image within 9 tokens, got 2 to 18/);
  await refused(
    { ...textOnly, images: [{ ...image!, rows: 2 }] },
    GREEDY,
    /expected patches \[32, 24\] for 2 × 4 tokens/,
  );
  const hot = { kind: 'top-p', p: 0, temperature: 1, seed: 1 } as const;
  await refused(textOnly, { ...GREEDY, sampling: hot }, /sampling\.p: expected a number above 0 and up to 1, got 0/);
  const running = generator.stream(textOnly, GREEDY);
  await running.next();
  await refused(textOnly, GREEDY, /expected one text at a time/);
  await running.return();
});
