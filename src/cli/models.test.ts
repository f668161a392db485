/** @file `vlakit models` as a process: the list, the inspection of good and bad folders, a policy of a published model, downloads that cannot be. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { vlakit } from '../../tests/processes/vlakit.ts';
import {
  copyTokenizer,
  randomTensors,
  SMALL_ZR0,
  writeLerobotStatistics,
  writeWeights,
  writeZr0Configs,
} from '../../tests/published-folders.ts';
import { shippedFile } from '../base/shipped-file.ts';
import { readResult } from '../benchmarks/result.ts';
import { zr0 } from '../models/zr-0/family.ts';
import { flatten, type ParameterSpec } from '../nn/parameters.ts';
import { tabletopEmbodiment } from '../simulation/tabletop/embodiment.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-models-'));
after(() => fs.rmSync(folder, { recursive: true }));

test('the list has families, sizes, parameters and memory', async () => {
  const { code, out } = await vlakit(['models'], { cwd: folder });
  assert.equal(code, 0);
  assert.match(out, /^family +size +parameters +vision +language +expert +fp32 +bf16 +int8$/m);
  assert.match(out, /^zr-0 +2b +2,686,316,608 +406,957,056 +1,720,574,976 +558,784,576 +10\.7 GB +5\.37 GB/m);
  const json = await vlakit(['models', '--json'], { cwd: folder });
  assert.ok((JSON.parse(json.out) as { family: string }[]).some(({ family }) => family === 'zr-0'));
});

test('inspect says what a checkpoint is, and ends with 1 where it cannot be loaded', async () => {
  const checkpoint = path.dirname(shippedFile('checkpoints/quickstart/config.json'));
  const good = await vlakit(['models', 'inspect', checkpoint], { cwd: folder });
  assert.equal(good.code, 0, good.err);
  assert.match(good.out, /^family +ZR-0 \(zr-0\), a checkpoint of vlakit$/m);
  assert.match(good.out, /^loads +yes$/m);

  const bad = path.join(folder, 'bad');
  writeZr0Configs(bad, SMALL_ZR0);
  const { code, out } = await vlakit(['models', 'inspect', 'bad', '--json'], { cwd: folder });
  assert.equal(code, 1);
  const table = JSON.parse(out) as Record<string, string[]>;
  assert.equal(table['loads']![0], 'no');
  assert.match(table['loads']![1]!, /expected model\.safetensors or model\.safetensors\.index\.json, got neither/);
  assert.equal(table['family']![0], 'ZR-0 (zr-0), size other, by config.json and action_expert_config.json');
});

test('a published model becomes a policy that acts on the tabletop', async () => {
  const published = path.join(folder, 'published');
  const config = {
    ...SMALL_ZR0,
    vision: { ...SMALL_ZR0.vision, patch: 16 },
    language: { ...SMALL_ZR0.language, vocabulary: 576 },
    expert: { ...SMALL_ZR0.expert, stateDim: 10, actionDim: 9 },
  };
  const shapes = flatten<ParameterSpec>(zr0.spec(config, 0)).map(
    ([name, { shape }]) => [name, { dtype: 'bf16', shape }] as const,
  );
  const tensors = Object.entries(randomTensors(Object.fromEntries(shapes), 1, 0.1));
  const part = (model: boolean) => Object.fromEntries(tensors.filter(([name]) => name.startsWith('model.') === model));
  writeWeights(published, 'model', part(true), 2);
  writeWeights(published, 'action_expert', part(false));
  writeZr0Configs(published, config);
  copyTokenizer(published);
  writeLerobotStatistics(folder, 8, 7);
  fs.writeFileSync(path.join(folder, 'robot.json'), JSON.stringify(tabletopEmbodiment(32)));
  const from = ['published', '--embodiment', 'robot.json', '--out', 'policies/mine'];
  const without = await vlakit(['models', 'adopt', ...from], { cwd: folder });
  assert.equal(without.code, 1);
  assert.match(
    without.err,
    /published: expected a statistics file, got none\.\nhint: Name the file with --statistics: it is/,
  );
  const views = ['--cameras', 'front=observation.images.image,wrist'];
  const adopted = await vlakit(['models', 'adopt', ...from, '--statistics', 'stats.json', ...views], { cwd: folder });
  assert.equal(adopted.code, 0, adopted.err);
  assert.equal(adopted.out, 'ZR-0 (other) with front, wrist, chunks of 10: policies/mine\n');
  const inspected = await vlakit(['models', 'inspect', 'policies/mine'], { cwd: folder });
  assert.equal(inspected.code, 0, inspected.out);
  const evaluation = ['--episodes', '1', '--tasks', 'touch', '--conditions', 'base', '--no-films', '--out', 'seen'];
  const played = await vlakit(['evaluate', 'policies/mine', ...evaluation], { cwd: folder });
  assert.equal(played.code, 0, played.err);
  assert.match(played.out, /^base +touch +[01]\/1 /m);
  const { policy } = readResult(path.join(folder, 'seen', 'evaluation.json'));
  assert.match(policy.sha256!, /^[0-9a-f]{64}$/);
});

test('a folder that is none, and a hub that is not there', async () => {
  const nowhere = await vlakit(['models', 'inspect', 'nowhere'], { cwd: folder });
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /error\[not-found\]: nowhere: expected a folder, got no such path/);
  const wrapper = ['env', `HF_HOME=${folder}`, 'HF_HUB_OFFLINE=1'];
  const offline = await vlakit(['evaluate', 'hf://owner/name'], { cwd: folder, wrapper });
  assert.equal(offline.code, 1);
  assert.match(offline.err, /error\[not-found\]: hub: expected owner\/name in .* \(offline\), got none/);
  const fetched = await vlakit(['models', 'fetch', 'owner/name@v1'], { cwd: folder, wrapper });
  assert.equal(fetched.code, 1);
  assert.match(fetched.err, /expected owner\/name in/);
});
