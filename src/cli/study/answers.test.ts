/** @file Measured answers are those that `vlakit ask` gives, scored by their kind; the questions are made where they are missing. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { codecOf, noiseImage, tinyDesign, tinyRobot } from '../../../tests/codec-fixtures.ts';
import { assertFine, scratchFolder, vlakit } from '../../../tests/processes/vlakit.ts';
import { readJson } from '../../base/files.ts';
import { Random } from '../../base/random.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import type { Tensor } from '../../base/tensor.ts';
import { writeCheckpoint } from '../../checkpoints/checkpoint.ts';
import { encodePng } from '../../base/png.ts';
import { modelSpec } from '../../models/flow-trainable.ts';
import { tinyZr0 } from '../../models/zr-0/config.ts';
import { zr0 } from '../../models/zr-0/family.ts';
import { flatten, materialise } from '../../nn/parameters.ts';
import type { AnswersConfig } from '../../../recipes/studies/measurement-config.ts';
import { answers } from './answers.ts';
import type { Measured } from './measurement.ts';

const folder = scratchFolder('answers');
test.after(() => fs.rmSync(folder, { recursive: true }));
const codec = codecOf({ ...tinyDesign, supervision: [], instructionTokens: 60 });
const model = path.join(folder, 'model');
/** The same weights as a model without a robot. */
const conversant = path.join(folder, 'conversant');
const MAX_TOKENS = 6;

/** Random weights, whose answers differ from question to question. */
test.before(async () => {
  const tiny = tinyZr0({ vocabulary: codec.tokenizer.vocabularySize, stateDim: 4, actionDim: 5, supervision: {} });
  const config = { ...tiny, prompt: { ...tiny.prompt, attention: 'causal' as const, learnedPositions: false } };
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(zr0, config, codec), new Random(2))));
  const table = weights['model.language_model.embed_tokens.weight']!.data as Float32Array;
  for (let i = 0; i < table.length; i++) table[i]! *= 0.05;
  const files = {
    'config.json': config,
    'codec.json': codec.config,
    'policy.json': { eulerSteps: 2, noiseScale: 1 },
    'embodiment.json': tinyRobot,
    'tokenizer.json': readJson(shippedFile('tokenizers/tabletop/tokenizer.json')),
    'tokenizer_config.json': readJson(shippedFile('tokenizers/tabletop/tokenizer_config.json')),
  };
  await writeCheckpoint(model, weights, files, null);
  const { 'codec.json': _codec, 'embodiment.json': _embodiment, ...rest } = files;
  const { cameras, prompt } = codec.config;
  const parts = zr0.text!.question.template(cameras.map(({ name }) => ({ name, label: name })));
  const own = { version: 1, cameras, prompt: { ...prompt, parts, maxTokens: 90 }, answerTokens: 9, end: '<|im_end|>' };
  await writeCheckpoint(conversant, weights, { ...rest, 'conversation.json': own }, null);
});

function measure(
  config: Partial<AnswersConfig>,
  signal = new AbortController().signal,
  checkpoint = model,
): Promise<Measured> {
  const whole: AnswersConfig = {
    kind: 'answers',
    name: 'answers',
    root: path.join(folder, 'questions'),
    generate: null,
    questions: 3,
    maxTokens: MAX_TOKENS,
    ...config,
  };
  const progress: number[] = [];
  return answers.measure(whole, {
    checkpoint,
    folder,
    workers: 1,
    command: '',
    signal,
    onProgress: (done) => progress.push(done),
  });
}

test('each answer is the one that the checkpoint gives when it is asked, and counts by its kind', async () => {
  const root = path.join(folder, 'questions');
  fs.mkdirSync(root);
  const asked = ['what is that?', 'is the gripper open?', 'how far is it?'];
  const given: string[] = [];
  for (const [i, question] of asked.entries()) {
    const picture = path.join(root, `${i}.png`);
    fs.writeFileSync(picture, encodePng(noiseImage(32, 32, i + 1)));
    const args = ['ask', model, question, '--image', `front=${picture}`, '--max-tokens', String(MAX_TOKENS)];
    const ended = await vlakit(args, { cwd: folder });
    assertFine(ended);
    given.push(ended.out.trim());
  }
  assert.ok(new Set(given).size > 1 && given.every((text) => /[a-z]/i.test(text)), given.join(' | '));
  const line = (i: number, kind: string, answer: string): string =>
    JSON.stringify({
      images_1: { type: 'image', url: `${i}.png` },
      conversations: [
        { from: 'human', value: `<image>\n${asked[i]}` },
        { from: 'gpt', value: answer },
      ],
      is_robot: false,
      extra: { kind },
    });
  const lines = [line(0, 'colour', given[0]!), line(1, 'gripper', 'none of these'), line(2, 'colour', given[2]!)];
  fs.writeFileSync(path.join(root, 'questions.jsonl'), `${lines.join('\n')}\n`);
  const { series } = await measure({});
  assert.deepEqual(series, [
    {
      name: 'accuracy',
      scores: [
        { stratum: 'colour', key: '0', value: 1 },
        { stratum: 'gripper', key: '1', value: 0 },
        { stratum: 'colour', key: '2', value: 1 },
      ],
    },
  ]);
  assert.deepEqual((await measure({}, undefined, conversant)).series, series, 'a model without a robot answers, too');
  await assert.rejects(measure({ questions: 4 }), { code: 'not-found', message: /at least 4 questions, got 3/ });
});

test('questions are generated where they are missing, and are the same for every checkpoint', async () => {
  const generate = {
    seed: 9,
    kinds: ['colour', 'count'],
    tasks: ['touch'],
    imageSize: 32,
    wrist: true,
    samplesPerPicture: 2,
  };
  const config = { root: path.join(folder, 'generated'), generate, questions: 6 };
  const first = await measure(config);
  const scores = first.series[0]!.scores;
  assert.deepEqual([...new Set(scores.map(({ stratum }) => stratum))].sort(), ['colour', 'count']);
  assert.deepEqual(await measure(config), first);
});

test('an abort ends it, and what cannot be asked is refused', async () => {
  await assert.rejects(measure({}, AbortSignal.abort()), { code: 'interrupted' });
  const config: AnswersConfig = {
    kind: 'answers',
    name: 'a',
    root: 'r',
    generate: null,
    questions: 0,
    maxTokens: 8,
  };
  assert.throws(
    () => answers.check(config, 'arm x', null),
    /arm x\.questions: expected a whole number of at least 1, got 0/,
  );
});
