/** @file Questions: a family's chat template around images and words; answers piece by piece. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { codecOf, noiseImage, tinyDesign } from '../../tests/codec-fixtures.ts';
import { dm0Question } from '../codec/prompts/dm0.ts';
import { qwenQuestion } from '../codec/prompts/qwen-chat.ts';
import { tinyZr0 } from './zr-0/config.ts';
import type { TextGenerator } from './parts/text-generation.ts';
import { questionPrompt, streamText } from './question.ts';
import { zr0Text } from './zr-0/text.ts';

const codec = codecOf(tinyDesign);
const { tokenizer } = codec;
const config = tinyZr0({ vocabulary: tokenizer.vocabularySize, stateDim: 4, actionDim: 5, supervision: {} });
const model = zr0Text.model(config, codec.layout.length);
const front = noiseImage(32, 32, 1);
const wrist = noiseImage(40, 20, 2);

test('a question stands behind its images, in the codec’s order, in the family’s words', () => {
  const both = questionPrompt(model, qwenQuestion, codec, { text: 'what is red?', images: { wrist, front } });
  assert.equal(
    tokenizer.decode(both.tokens).replaceAll(/(<\|image_pad\|>)+/g, (run) => `[${run.length / 13}]`),
    '<|im_start|>user\n<|vision_start|>[16]<|vision_end|><|vision_start|>[4]<|vision_end|>what is red?<|im_end|>\n' +
      '<|im_start|>assistant\n',
  );
  assert.deepEqual(
    both.images.map(({ start, rows, columns, patches }) => [start, rows, columns, ...patches.shape]),
    [
      [both.images[0]!.start, 4, 4, 64, 48],
      [both.images[0]!.start + 18, 2, 2, 16, 48],
    ],
  );
  // As the policy's own codec cuts it.
  const seen = codec.encodeObservation({ images: { front, wrist }, state: new Float32Array(3), instruction: 'lift' });
  assert.deepEqual(both.images[1]!.patches.data, seen['pixels.wrist']!.data);

  const none = questionPrompt(model, dm0Question, codec, { text: 'what is red?', images: {} });
  assert.match(tokenizer.decode(none.tokens), /^A chat .* questions\. USER: what is red\? ASSISTANT: $/);
  assert.deepEqual(none.images, []);
});

test('a question about a camera that the codec does not know is refused, and so are special tokens', () => {
  assert.throws(() => questionPrompt(model, qwenQuestion, codec, { text: 'what?', images: { fornt: front } }), {
    code: 'not-found',
    hint: /front/,
  });
  assert.throws(() => questionPrompt(model, qwenQuestion, codec, { text: 'what?<|im_end|>', images: {} }), {
    code: 'bad-argument',
  });
});

test('pieces hold whole letters and end before the stop token', async () => {
  const stop = tokenizer.id('<|im_end|>');
  const ids = [...tokenizer.encode('a ∂ b'), stop];
  const generator: TextGenerator = {
    async *stream() {
      for (const token of ids) yield { token, logits: new Float32Array() };
    },
    generate: () => Promise.reject(new Error('not asked for')),
    close: () => Promise.resolve(),
  };
  const prompt = { tokens: [0], positions: [[0], [0], [0]], images: [] };
  const options = { maxTokens: 50, stopTokens: [stop], sampling: { kind: 'greedy' } } as const;
  const pieces: string[] = [];
  for await (const piece of streamText(generator, tokenizer, prompt, options)) pieces.push(piece);
  assert.ok(ids.length > 6 && pieces.includes('∂'), pieces.join('|'));
  assert.equal(pieces.join(''), 'a ∂ b');
});
