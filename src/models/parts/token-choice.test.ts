/** @file The choice of a token: transformers' top-p, frequencies of draws, ties, and bad settings. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { goldenTensors } from '../../../tests/golden-tensors.ts';
import { checkSampling, chooseToken, topP } from './token-choice.ts';

const golden = goldenTensors('text-generation');
const row = (name: string, i: number): Float32Array =>
  (golden[name]!.data as Float32Array).subarray(i * 32, (i + 1) * 32);

test('the nucleus and its probabilities are those of transformers', () => {
  for (let i = 0; i < 40; i++) {
    const found = new Float32Array(32);
    for (const { token, probability } of topP(row('topP.logits', i), 0.8, 0.7)) found[token] = probability;
    const expected = row('topP.probabilities', i);
    for (let token = 0; token < 32; token++)
      assert.ok(Math.abs(found[token]! - expected[token]!) < 1e-6, `${i} ${token}`);
  }
});

test('draws come as often as their probability says', () => {
  const logits = Float32Array.of(0, Math.log(2), Math.log(5), -50);
  const counts = [0, 0, 0, 0];
  for (let step = 0; step < 4000; step++) {
    counts[chooseToken(logits, { kind: 'top-p', p: 1, temperature: 1, seed: 1 }, step)]!++;
  }
  [1 / 8, 2 / 8, 5 / 8, 0].forEach((p, token) => assert.ok(Math.abs(counts[token]! / 4000 - p) < 0.03, `${counts}`));
});

test('the first of equals is the likeliest, and a nucleus has at least one token', () => {
  assert.equal(chooseToken(Float32Array.of(1, 3, 3, 2), { kind: 'greedy' }, 0), 1);
  assert.deepEqual(topP(Float32Array.of(1, 3, 3, 2), 1e-9, 1), [{ token: 1, probability: 1 }]);
});

test('settings with which nothing can be drawn are refused', () => {
  for (const bad of [{ p: 1.5 }, { p: Number.NaN }, { temperature: 0 }, { seed: -1 }]) {
    const sampling = { kind: 'top-p', p: 0.9, temperature: 1, seed: 1, ...bad } as const;
    assert.throws(() => checkSampling(sampling), { code: 'bad-argument' });
  }
});
