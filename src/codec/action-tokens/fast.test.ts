/**
 * @file FAST: chunks and merges equal to the official processor's; files; what is refused. The ids of 10,000 chunks are
 * compared in tests/codec-replay.test.ts.
 */

import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { fittedChunks, walkChunk } from '../../../tests/fast-chunks.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import { createFastTokenizer, type WrongLength } from './fast.ts';
import type { FastFiles } from './fast-files.ts';
import { fitFastTokenizer } from './fit-fast.ts';

interface Golden {
  readonly shapes: readonly (readonly [number, number])[];
  readonly fitted: number;
  readonly samples: readonly { readonly seed: number; readonly ids: number[]; readonly decoded: number[] }[];
}

const golden = (file: string): unknown => readJson(path.join(repositoryRoot, 'tests/golden/fast', file));
const { shapes, fitted, samples } = golden('ids.json') as Golden;
const files: FastFiles = {
  processorConfig: golden('processor_config.json'),
  tokenizer: golden('tokenizer.json'),
};
const fast = createFastTokenizer(files, 'fast');

test('ids and chunks equal those of the official processor', () => {
  for (const { seed, ids, decoded } of samples) {
    const { values, horizon, dim } = walkChunk(seed, shapes);
    assert.deepEqual(fast.encode(values, horizon, dim), ids);
    const ours = fast.decode(ids, horizon, dim);
    assert.ok(ours.every((value, i) => Math.abs(value - decoded[i]!) < 1e-7));
    // Rounding moves a coefficient by at most half a step, and the transform keeps lengths.
    const distance = Math.hypot(...ours.map((value, i) => value - values[i]!));
    assert.ok(distance <= (0.5 / fast.model.scale) * Math.sqrt(horizon * dim) + 1e-9);
  }
});

test('a tokenizer fitted here has the ranges, tokens and merges of the official fit', () => {
  const ours = fitFastTokenizer({ chunks: fittedChunks(fitted, shapes), scale: 25, vocabularySize: 1024 });
  assert.equal(ours.model.minToken, fast.model.minToken);
  assert.deepEqual(ours.model.pairs.merges, fast.model.pairs.merges);
  assert.deepEqual(ours.model.pairs.vocab, fast.model.pairs.vocab);
  // Its files are the official ones, and make the same tokenizer again, also by way of their text.
  const { tokenizer, processorConfig, tokenizerConfig } = ours.files();
  assert.deepEqual(tokenizer, files.tokenizer);
  const copy = JSON.parse(JSON.stringify({ tokenizer, processorConfig, tokenizerConfig })) as FastFiles;
  assert.deepEqual(createFastTokenizer(copy, 'copy').model, fast.model);
  assert.equal(ours.tokenCount, 1024);
});

test('tokenizers whose merges are strings open too', () => {
  const { model, ...rest } = files.tokenizer as { model: { merges: [string, string][] } };
  const merges = model.merges.map((pair) => pair.join(' '));
  const old = createFastTokenizer({ ...files, tokenizer: { ...rest, model: { ...model, merges } } }, 'old');
  assert.deepEqual(old.model.pairs.merges, fast.model.pairs.merges);
});

test('tokens of another length are an error, zeros, or made to fit', () => {
  const { seed, ids } = samples[4]!;
  const { horizon, dim } = walkChunk(seed, shapes);
  const whole = fast.decode(ids, horizon, dim);
  const chunk = (mode: WrongLength, tokens: readonly number[] = ids, steps = horizon) =>
    fast.decode(tokens, steps, dim, mode);
  assert.throws(() => fast.decode(ids, horizon + 1, dim), {
    code: 'bad-data',
    message: `fast: expected tokens of ${horizon + 1}×${dim} = ${(horizon + 1) * dim} coefficients, got ${horizon * dim}.`,
  });
  assert.ok(chunk('zeros', ids, horizon + 1).every((value) => value === 0));
  assert.deepEqual(chunk('zeros'), whole);
  // A chunk of one frequency more has a zero coefficient there: the same curve at other instants.
  const means = (values: Float64Array, steps: number): number => {
    let sum = 0;
    for (let t = 0; t < steps; t++) sum += values[t * dim]!;
    return sum / Math.sqrt(steps);
  };
  assert.ok(Math.abs(means(chunk('pad', ids, horizon + 1), horizon + 1) - means(whole, horizon)) < 1e-9);
  assert.equal(chunk('pad', ids, 1).length, dim);
  // With the last token gone, a frequency is incomplete: kept by one, dropped by the other.
  const short = ids.slice(0, -1);
  assert.notDeepEqual(chunk('pad', short), chunk('whole-frequencies', short));
  assert.ok(chunk('whole-frequencies', []).every((value) => value === 0));
});

test('ids and bytes that no chunk has are refused, or skipped when asked', () => {
  assert.throws(() => fast.decode([5000], 1, 1), {
    code: 'bad-data',
    message: 'fast: expected token ids below 1024, got 5000.',
  });
  assert.ok(fast.decode([5000], 2, 1, 'pad').every((value) => value === 0));
  const lead = fast.model.pairs.vocab['\u00c4']!;
  assert.throws(() => fast.decode([lead], 1, 1), { code: 'bad-data', message: /joins? to UTF-8/ });
  assert.deepEqual([...fast.decode([lead], 1, 1, 'pad')], [0]);
});

test('what is no chunk is refused by its place', () => {
  assert.throws(() => fast.encode([0, 1, 2], 2, 2), {
    code: 'bad-shape',
    message: 'fast: expected 2×2 actions, got 3 numbers.',
  });
  assert.throws(() => fast.encode([], 0, 7), { code: 'bad-shape' });
  for (const bad of [Number.NaN, Infinity]) {
    assert.throws(() => fast.encode([0, 0, bad, 0], 2, 2), {
      code: 'not-finite',
      message: `fast: expected finite actions, got ${bad} at step 1, dimension 0.`,
    });
    assert.throws(
      () => fitFastTokenizer({ chunks: [{ values: [bad], horizon: 1, dim: 1 }], scale: 10, vocabularySize: 99 }),
      { code: 'not-finite', message: /^fit FAST: chunk 0: / },
    );
  }
  // Above it, numbers still have bytes, up to a point; a tokenizer fitted on few may lack even those.
  assert.ok(Math.abs(fast.decode(fast.encode([100], 1, 1), 1, 1)[0]! - 100) < 1e-9);
  const narrow = fitFastTokenizer({ chunks: [{ values: [0, 0], horizon: 2, dim: 1 }], scale: 1, vocabularySize: 99 });
  for (const [tokenizer, value] of [[fast, 1e6] as const, [narrow, 9] as const]) {
    assert.throws(() => tokenizer.encode([value], 1, 1), { code: 'bad-argument', message: /in the range/ });
  }
  // Below the range there is a smallest code point, as in the official processor.
  assert.deepEqual([...fast.decode(fast.encode([-1e6], 1, 1), 1, 1)], [-177 / 25]);
});

test('fits that cannot work are refused', () => {
  assert.throws(() => fitFastTokenizer({ chunks: [], scale: 10, vocabularySize: 99 }), { code: 'bad-argument' });
  const chunks = [{ values: [-100, 100], horizon: 2, dim: 1 }];
  assert.throws(() => fitFastTokenizer({ chunks, scale: 10, vocabularySize: 512 }), {
    code: 'bad-argument',
    message: 'fit FAST: expected a vocabulary of at least 1415 tokens for coefficients from -1414 to 0, got 512.',
  });
});

test('files that do not fit together are refused by name', () => {
  const { model, ...rest } = files.tokenizer as { model: { merges: unknown[] } };
  assert.throws(() => createFastTokenizer({ ...files, tokenizer: {} }, 'run'), {
    code: 'bad-data',
    message: /^run\/tokenizer\.json: expected a file of a FAST action tokenizer/,
  });
  assert.throws(() => createFastTokenizer({ ...files, processorConfig: { scale: 10 } }, 'run'), {
    code: 'bad-data',
    message: /^run\/processor_config\.json: .*vocab_size/,
  });
  const merges = [...model.merges, ['\u0120', 'nothing']];
  assert.throws(() => createFastTokenizer({ ...files, tokenizer: { ...rest, model: { ...model, merges } } }, 'run'), {
    code: 'mismatch',
    message: /^run: .* without the token "nothing"/,
  });
});
