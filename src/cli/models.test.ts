/** @file `vlakit models` as a process: the list, the inspection of good and bad folders, downloads that cannot be. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { vlakit } from '../../tests/processes/vlakit.ts';
import { SMALL_ZR0, writeZr0Configs } from '../../tests/published-folders.ts';
import { shippedFile } from '../base/shipped-file.ts';

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
