/** @file Prompts with answers: where tokens stand, what the expert may read, what is predicted, and what does not fit. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { tabletopTokenizer } from '../../tests/tabletop-tokenizer.ts';
import { zeros, type Tensor } from '../base/tensor.ts';
import { createAnswerWriter } from './answer-tokens.ts';
import { createPromptCodec, type PromptConfig } from './prompt.ts';

const tokenizer = tabletopTokenizer();
const grids = { front: [2, 2] } as const;
const prompt: PromptConfig = {
  parts: [{ kind: 'image', camera: 'front' }, { kind: 'instruction' }, { kind: 'cue' }],
  maxTokens: 14,
  padToken: '<|pad|>',
};
const ROOM = 6;
const writer = createAnswerWriter({ prompt, answerTokens: ROOM, grids, tokenizer });
const BATCH = 2;

function write(
  ...rows: Parameters<typeof writer.write> extends [unknown, unknown, ...infer R] ? R[] : never
): Record<string, number[][]> {
  const batch: Record<string, Tensor> = Object.fromEntries(
    Object.entries(writer.inputs(BATCH)).map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
  );
  // What an earlier batch left must not shine through.
  for (const { data } of Object.values(batch)) {
    if (data instanceof BigInt64Array) data.fill(7n);
    else data.fill(7);
  }
  for (const [b, row] of rows.entries()) writer.write(batch, b, ...row);
  return Object.fromEntries(
    Object.entries(batch).map(([name, { shape, data }]) => {
      const width = shape[1]!;
      return [name, rows.map((_, b) => Array.from(data.slice(b * width, (b + 1) * width) as Float32Array, Number))];
    }),
  );
}

const answer = { cue: '', text: 'red block', end: '<|im_end|>', expert: 'hidden' } as const;
const ids = (text: string): number[] => tokenizer.encode(text);

test('an answer stands right behind its prompt and is predicted token by token', () => {
  const alone = createPromptCodec(prompt, grids, tokenizer).encode('lift the block');
  const { count } = alone;
  const written = [...ids('red block'), tokenizer.id('<|im_end|>')];
  const { tokens, tokenMask, contextMask, lastToken, textPlaces, textLabels, textWeights } = write([
    'lift the block',
    answer,
  ]);
  const T = writer.layout.length;
  assert.equal(T, prompt.maxTokens + ROOM);
  const end = count + written.length;
  assert.deepEqual(tokens![0]!.slice(0, end), [...Array.from(alone.ids.slice(0, count), Number), ...written]);
  const upTo = (n: number): number[] => Array.from({ length: T }, (_, t) => (t < n ? 1 : 0));
  assert.deepEqual(tokenMask![0], upTo(end));
  assert.deepEqual(contextMask![0], upTo(count));
  assert.equal(lastToken![0]!.indexOf(1), count - 1);
  const weights = textWeights![0]!;
  assert.deepEqual(
    weights,
    Array.from({ length: ROOM }, (_, i) => (i < written.length ? 1 : 0)),
  );
  for (const [i, id] of written.entries()) {
    assert.equal(textLabels![0]![i], id);
    assert.equal(tokens![0]![textPlaces![0]![i]! + 1], id);
  }
});

test('an answer that is written before acting is read by the expert, cue and all; without an answer there are no targets', () => {
  const reads = { ...answer, cue: ' Sub task:', expert: 'reads' } as const;
  const { tokens, contextMask, tokenMask, lastToken, textWeights } = write(
    ['lift the block', reads],
    ['lift the block', null],
  );
  assert.deepEqual(contextMask, tokenMask);
  const end = contextMask![0]!.indexOf(0);
  assert.equal(lastToken![0]!.indexOf(1), end - 1);
  const cue = ids('lift the block Sub task:');
  const at = end - ids('red block').length - 1;
  assert.deepEqual(tokens![0]!.slice(at - cue.length, at), cue);
  assert.deepEqual(textWeights![1], Array<number>(ROOM).fill(0));
});

test('what does not fit is refused with the setting to raise', () => {
  const long = { ...answer, text: 'red block red block red block' };
  assert.throws(() => write(['lift the block', long]), {
    code: 'bad-argument',
    message: /expected at most 6 tokens, got 8/,
    hint: /codec\.answer\.maxTokens/,
  });
  const cued = { ...answer, cue: ' lift the red block and the blue block and the red block:' };
  assert.throws(() => write(['lift the block', cued]), { code: 'bad-argument' });
});
