/** @file `vlakit ask` as a process: an answer in random words, the same twice; models that cannot write say so. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { codecOf, noiseImage, tinyDesign, tinyRobot } from '../../tests/codec-fixtures.ts';
import { assertOneError, scratchFolder, vlakit, type Ended } from '../../tests/processes/vlakit.ts';
import { readJson } from '../base/files.ts';
import { Random } from '../base/random.ts';
import { shippedFile } from '../base/shipped-file.ts';
import type { Tensor } from '../base/tensor.ts';
import { encodePng } from '../base/png.ts';
import { modelSpec } from '../models/flow-trainable.ts';
import { tinyZr0 } from '../models/zr-0/config.ts';
import { zr0 } from '../models/zr-0/family.ts';
import { flatten, materialise } from '../nn/parameters.ts';
import { writeCheckpoint } from '../checkpoints/checkpoint.ts';
import { loadPolicy } from '../training/load-policy.ts';

const folder = scratchFolder('ask');
test.after(() => fs.rmSync(folder, { recursive: true }));
const picture = path.join(folder, 'picture.png');
fs.writeFileSync(picture, encodePng(noiseImage(32, 32, 1)));
const other = path.join(folder, 'other.png');
fs.writeFileSync(other, encodePng(noiseImage(32, 32, 2)));

const run = (args: readonly string[]): Promise<Ended> => vlakit(args, { cwd: folder });
const codec = codecOf({ ...tinyDesign, supervision: [], instructionTokens: 60 });

/** Writes a checkpoint of random weights. */
async function checkpoint(name: string, attention: 'causal' | 'bidirectional'): Promise<string> {
  const tiny = tinyZr0({ vocabulary: codec.tokenizer.vocabularySize, stateDim: 4, actionDim: 5, supervision: {} });
  const config = { ...tiny, prompt: { ...tiny.prompt, attention } };
  const weights = Object.fromEntries(flatten<Tensor>(materialise(modelSpec(zr0, config, codec), new Random(2))));
  const table = weights['model.language_model.embed_tokens.weight']!.data as Float32Array;
  for (let i = 0; i < table.length; i++) table[i]! *= 0.05;
  const at = path.join(folder, name);
  const files = {
    'config.json': config,
    'codec.json': codec.config,
    'policy.json': { eulerSteps: 2, noiseScale: 1 },
    'embodiment.json': tinyRobot,
    'tokenizer.json': readJson(shippedFile('tokenizers/tabletop/tokenizer.json')),
    'tokenizer_config.json': readJson(shippedFile('tokenizers/tabletop/tokenizer_config.json')),
  };
  await writeCheckpoint(at, weights, files, null);
  return at;
}

test('a question is answered in as many tokens as asked for, and the same way twice', async () => {
  const model = await checkpoint('causal', 'causal');
  const ask = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await run(['ask', model, 'where is the red block?', '--max-tokens', '12', ...args]);
    assert.equal(code, 0, err);
    return out;
  };
  const seen = ['--image', `front=${picture}`];
  const drawn = [...seen, '--top-p', '0.9', '--seed', '1'];
  const [first, again, blind, elsewhere, one, same, two] = await Promise.all([
    ask(...seen),
    ask(...seen),
    ask(),
    ask('--image', `front=${other}`),
    ask(...drawn),
    ask(...drawn),
    ask(...drawn, '--seed', '2'),
  ]);
  assert.ok(first.length > 3 && first.endsWith('\n'), first);
  assert.equal(again, first);
  assert.notEqual(blind, first);
  assert.notEqual(elsewhere, first);
  assert.equal(same, one);
  assert.notEqual(one, first);
  assert.notEqual(two, one);
});

test('what cannot be asked is refused', async () => {
  const model = await checkpoint('causal', 'causal');
  const silent = await checkpoint('bidirectional', 'bidirectional');
  const [mute, camera, file, form] = await Promise.all([
    run(['ask', silent, 'what?']),
    run(['ask', model, 'what?', '--image', `fornt=${picture}`]),
    run(['ask', model, 'what?', '--image', `front=${picture}.none`]),
    run(['ask', model, 'what?', '--image', picture]),
  ]);
  assertOneError(mute, 'unsupported', /expected a model with prompt\.attention "causal" to write text/);
  assertOneError(camera, 'not-found', /camera/);
  assertOneError(file, 'not-found', /picture\.png\.none/);
  assert.equal(form.code, 1);
  assert.match(form.err, /front=picture\.png/);
});

test('a checkpoint says in policy.json whether it reasons, and who loads it may say otherwise', async () => {
  const model = await checkpoint('reasoning', 'causal');
  const open = (mode?: { readonly kind: 'direct' | 'reason' }) =>
    loadPolicy(model, {
      runtime: 'cpu',
      threads: 1,
      inWorker: false,
      ...(mode === undefined ? {} : { settings: { mode } }),
    });
  const reasoning = async (mode?: { readonly kind: 'direct' | 'reason' }): Promise<string | undefined> => {
    const policy = await open(mode);
    try {
      await policy.reset({ seed: 1 });
      const images = { front: noiseImage(32, 32, 1), wrist: noiseImage(40, 20, 2) };
      return (await policy.infer({ images, state: new Float32Array(3), instruction: 'lift' })).reasoning;
    } finally {
      await policy.close();
    }
  };
  const settings = (mode: unknown): void => {
    fs.rmSync(path.join(model, 'hashes.json'), { force: true });
    fs.writeFileSync(path.join(model, 'policy.json'), JSON.stringify({ eulerSteps: 2, noiseScale: 1, mode }));
  };
  assert.equal(await reasoning(), undefined);
  // ZR-0's own way, without a word about it in the file.
  assert.ok((await reasoning({ kind: 'reason' }))!.length > 0);
  settings({ kind: 'reason', stopTokens: ['<|im_end|>'], maxTokens: 5 });
  assert.ok((await reasoning())!.length > 0);
  assert.ok((await reasoning({ kind: 'reason' }))!.length > 0);
  assert.equal(await reasoning({ kind: 'direct' }), undefined);
  settings({ kind: 'reason', maxTokens: 0 });
  await assert.rejects(reasoning(), { code: 'bad-data', message: /policy\.json: mode\.maxTokens: / });
});
