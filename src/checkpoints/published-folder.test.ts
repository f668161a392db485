/** @file Published folders: recognised, compared with the model, and run from where they lie; full sizes by their shapes alone. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import {
  randomTensors,
  shardName,
  SMALL_ZR0,
  writeDm0Config,
  writeHollowWeights,
  writeJson,
  writeQwenVlaConfigs,
  writeWeights,
  writeXiaomiConfig,
  writeZr0Configs,
  type Shapes,
} from '../../tests/published-folders.ts';
import { f32, type DType, type Tensor } from '../base/tensor.ts';
import { add, constant, createSession, output, trace, type Value } from '../engine/index.ts';
import { hostNumbers } from '../engine/host-array.ts';
import type { PublishedFamily } from '../models/published-layout.ts';
import { DM0_BASE, DM0_PROGRESS } from '../models/dm0/config.ts';
import { DM0_PUBLISHED } from '../models/dm0/published.ts';
import { QWEN_VLA_4B } from '../models/qwen-vla/config.ts';
import { QWEN_VLA_PUBLISHED } from '../models/qwen-vla/published.ts';
import { XIAOMI_ROBOTICS_0 } from '../models/xiaomi-robotics-0/config.ts';
import { XIAOMI_PUBLISHED } from '../models/xiaomi-robotics-0/published.ts';
import { ZR0_2B } from '../models/zr-0/config.ts';
import { zr0Spec } from '../models/zr-0/model.ts';
import { ZR0_PUBLISHED } from '../models/zr-0/published.ts';
import { asWeights, flatten, parameter, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { examinePublishedFolder, openPublishedFolder } from './published-folder.ts';
import { inspectFolder } from './inspect.ts';
import { modelSize } from './size-table.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'published-'));
after(() => fs.rmSync(root, { recursive: true }));

const isExpert = (name: string): boolean => ZR0_PUBLISHED.part(name) === 'expert';

/** The tensors of a ZR-0 in the element type of its files. */
function shapesOf(parameters: Tree<ParameterSpec>, dtype: DType = 'bf16'): Shapes {
  return Object.fromEntries(flatten<ParameterSpec>(parameters).map(([name, { shape }]) => [name, { dtype, shape }]));
}

function split<T>(tensors: Readonly<Record<string, T>>): [model: Record<string, T>, expert: Record<string, T>] {
  const part = (expert: boolean): Record<string, T> =>
    Object.fromEntries(Object.entries(tensors).filter(([name]) => isExpert(name) === expert));
  return [part(false), part(true)];
}

const tensors = randomTensors(shapesOf(zr0Spec(SMALL_ZR0, 0)));

/** A small ZR-0 folder with its model in two shards; `change` edits the tensors before. */
function smallFolder(name: string, change: (tensors: Record<string, Tensor>) => void = () => {}): string {
  const folder = path.join(root, name);
  const changed = { ...tensors };
  change(changed);
  const [model, expert] = split(changed);
  writeWeights(folder, 'model', model, 2);
  writeWeights(folder, 'action_expert', expert);
  writeZr0Configs(folder, SMALL_ZR0);
  writeJson(folder, 'tokenizer.json', {
    model: { vocab: { a: 0, b: 37 } },
    added_tokens: [{ id: 39, content: '<x>' }],
  });
  return folder;
}

/** Every parameter as ONNX Runtime reads it. */
async function readAll(
  spec: Tree<ParameterSpec>,
  from: Pick<ReturnType<typeof openPublishedFolder>, 'weights' | 'weightFolder'>,
) {
  const graph = trace(() => {
    for (const [name, value] of flatten<Value>(asWeights(spec))) output(`out ${name}`, add(value, constant(0)));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1, ...from });
  const outputs = await session.run({});
  await session.close();
  return outputs;
}

describe('a small ZR-0 in shards', () => {
  test('is recognised by its configuration, and complete', () => {
    const found = examinePublishedFolder(smallFolder('whole'))!;
    assert.deepEqual(found.problems, []);
    assert.equal(found.recognisedBy, 'config');
    assert.deepEqual(found.config, SMALL_ZR0);
    assert.equal(found.size, 'other');
    assert.equal(Object.keys(found.comparison.placed).length, Object.keys(tensors).length);
    assert.deepEqual(found.comparison.tied, [
      { name: 'lm_head.weight', same: 'model.language_model.embed_tokens.weight', stored: 'once' },
    ]);
  });

  test('gives ONNX Runtime every number from the files themselves', async () => {
    const opened = openPublishedFolder(smallFolder('run'));
    const outputs = await readAll(opened.parameters, opened);
    for (const [name, { data }] of Object.entries(tensors)) {
      const expected = Array.from(data as Uint16Array, bf16);
      assert.deepEqual(Array.from(outputs[`out ${name}`]!.data as Float32Array), expected, name);
    }
  });

  test('gives the same from a snapshot of links, as the hub’s cache has it', async () => {
    const plain = smallFolder('plain');
    const cache = path.join(root, 'models--a--b');
    const snapshot = path.join(cache, 'snapshots', '0'.repeat(40));
    fs.mkdirSync(path.join(cache, 'blobs'), { recursive: true });
    fs.mkdirSync(snapshot, { recursive: true });
    for (const [i, name] of fs.readdirSync(plain).entries()) {
      fs.renameSync(path.join(plain, name), path.join(cache, 'blobs', `${i}`));
      fs.symlinkSync(`../../blobs/${i}`, path.join(snapshot, name));
    }
    const opened = openPublishedFolder(snapshot);
    const outputs = await readAll(opened.parameters, opened);
    const name = 'position_embedding.weight';
    assert.equal(outputs[`out ${name}`]!.data[7], bf16(Number(tensors[name]!.data[7])));
  });

  test('with a second copy of the tied embedding is fine, and said', () => {
    const folder = smallFolder(
      'tied',
      (all) => (all['lm_head.weight'] = all['model.language_model.embed_tokens.weight']!),
    );
    fs.rmSync(path.join(folder, 'action_expert.safetensors'));
    const [model, expert] = [{ ...tensors }, split(tensors)[1]];
    for (const name of Object.keys(expert)) delete model[name];
    writeWeights(
      folder,
      'model',
      { ...model, 'lm_head.weight': model['model.language_model.embed_tokens.weight']! },
      2,
    );
    writeWeights(folder, 'action_expert', expert);
    const { comparison, problems } = examinePublishedFolder(folder)!;
    assert.deepEqual(problems, []);
    assert.equal(comparison.tied[0]!.stored, 'twice');
  });

  test('with missing, misshaped, mistyped and extra tensors says each by name and file', () => {
    const folder = smallFolder('bad', (all) => {
      delete all['dit.proj_out_1.bias'];
      all['dit.proj_out_2.bias'] = f32([1, 2]);
      all['state_encoder.layer1.b'] = { dtype: 'i8', shape: [1, 20], data: new Int8Array(20) };
      all['dit.proj_out_9.bias'] = f32([1]);
    });
    const { problems } = examinePublishedFolder(folder)!;
    assert.deepEqual(
      problems.map(({ code, message }) => `${code} ${message.replaceAll(folder, '…')}`),
      [
        'mismatch …: expected tensor "dit.proj_out_1.bias" [48], got "dit.proj_out_9.bias".',
        'bad-shape …/action_expert.safetensors: tensor "dit.proj_out_2.bias": expected float [16], got f32 [2].',
        'bad-shape …/action_expert.safetensors: tensor "state_encoder.layer1.b": expected float [1, 20], got i8 [1, 20].',
        'mismatch …/action_expert.safetensors: tensor "dit.proj_out_9.bias" is not part of the model.',
      ],
    );
    assert.throws(() => openPublishedFolder(folder), { code: 'mismatch', message: /"dit\.proj_out_1\.bias"/ });
  });

  test('with a number missing from its configuration names the field', () => {
    const folder = smallFolder('config');
    writeJson(folder, 'config.json', { model_type: 'qwen3_vl', text_config: {}, vision_config: {} });
    assert.throws(() => examinePublishedFolder(folder), {
      code: 'bad-data',
      message: /config\.json: text_config\.vocab_size/,
    });
  });
});

describe('inspect', () => {
  const rowsOf = (folder: string): Record<string, readonly string[]> =>
    Object.fromEntries(inspectFolder(folder).rows.map(({ label, lines }) => [label, lines]));

  test('says in one table what a folder is', () => {
    const rows = rowsOf(smallFolder('table'));
    assert.deepEqual(rows['loads'], ['yes']);
    assert.deepEqual(rows['family'], ['ZR-0 (zr-0), size other, by config.json and action_expert_config.json']);
    assert.deepEqual(rows['missing'], ['none']);
    assert.deepEqual(rows['tokenizer'], ['tokenizer.json: 40 tokens for 40 rows']);
    assert.equal(rows['transposed']![0], 'state_encoder.layer1.W (read as stored)');
  });

  test('refuses a tokenizer with more tokens than the embedding has rows', () => {
    const folder = smallFolder('tokens');
    writeJson(folder, 'tokenizer.json', { model: { vocab: { a: 0 } }, added_tokens: [{ id: 40 }] });
    const { problems } = inspectFolder(folder);
    assert.match(
      problems[0]!.message,
      /tokenizer\.json: expected token ids below 40 \(rows of the embedding\), got 40/,
    );
  });

  test('tells a missing shard, and what else would be missing for it', () => {
    const folder = smallFolder('shard');
    fs.rmSync(path.join(folder, 'model-00002-of-00002.safetensors'));
    const { rows, problems } = inspectFolder(folder);
    assert.match(problems[0]!.message, /model-00002-of-00002\.safetensors: expected this shard, got no such file/);
    assert.ok(rows.find(({ label }) => label === 'missing')!.lines.length > 1);
  });

  test('says what is in a folder of no known family', () => {
    const folder = path.join(root, 'unknown');
    writeWeights(folder, 'model', { w: f32([1, 2]) });
    writeJson(folder, 'config.json', { model_type: 'llama' });
    const rows = rowsOf(folder);
    assert.deepEqual(rows['family'], ['unknown (config.json: model_type "llama"; no family\'s tensors either)']);
    assert.deepEqual(rows['stored'], ['f32: 1 tensors, 8 bytes']);
  });
});

test('a full-size ZR-0 adds up to the published numbers through the real reader', () => {
  const folder = path.join(root, 'full');
  const [model, expert] = split(shapesOf(zr0Spec(ZR0_2B, 0)));
  const bytes = writeHollowWeights(path.join(folder, 'model.safetensors'), model);
  assert.equal(writeHollowWeights(path.join(folder, 'action_expert.safetensors'), expert), 2 * 558_784_576);
  assert.equal(bytes, 2 * 2_127_532_032);
  const byShapes = examinePublishedFolder(folder)!;
  assert.equal(byShapes.recognisedBy, 'shapes');
  assert.deepEqual(byShapes.problems, []);
  writeZr0Configs(folder, ZR0_2B);
  const found = examinePublishedFolder(folder)!;
  assert.deepEqual([found.recognisedBy, found.size, found.problems.length], ['config', '2b', 0]);
  const size = modelSize(found.parameters, found.published.part);
  assert.equal(size.parts.expert, 558_784_576);
  assert.equal(size.parameters, 2_127_532_032 + 558_784_576);
  assert.equal(size.parts.vision + size.parts.language, 2_127_532_032);
});

describe('a full-size DM0', () => {
  const shapes = (progress: boolean): Shapes => ({
    ...shapesOf(DM0_PUBLISHED.family.spec(progress ? DM0_PROGRESS : DM0_BASE, 0)),
    'model.action_expert.lm_head.weight': { dtype: 'bf16', shape: [151_936, 1024] },
  });

  test('has the published total, and its dead head is told and not needed', () => {
    const folder = path.join(root, 'dm0');
    const names = Object.entries(shapes(true));
    const total = [names.slice(0, 500), names.slice(500)].reduce((sum, some, i) => {
      return sum + writeHollowWeights(path.join(folder, shardName('model', i, 2)), Object.fromEntries(some));
    }, 0);
    assert.equal(total, 5_170_380_866);
    assert.equal(names.length, 964);
    const map = names.map(([name], i) => [name, shardName('model', i < 500 ? 0 : 1, 2)]);
    writeJson(folder, 'model.safetensors.index.json', {
      metadata: { total_size: total },
      weight_map: Object.fromEntries(map) as unknown,
    });
    writeDm0Config(folder);
    writeJson(folder, 'norm_stats.json', {
      norm_stats: { action: { min: [0, 0], max: [1, 1] }, default: { min: -1 } },
    });
    const found = examinePublishedFolder(folder)!;
    assert.deepEqual([found.recognisedBy, found.size, found.problems.length], ['config', 'progress', 0]);
    assert.deepEqual(found.comparison.dead, ['model.action_expert.lm_head.weight']);
    assert.equal(modelSize(found.parameters, found.published.part).parameters, 2_429_604_896 + 3073);
    const rows = Object.fromEntries(inspectFolder(folder).rows.map(({ label, lines }) => [label, lines]));
    assert.deepEqual(rows['dead weight'], ['model.action_expert.lm_head.weight (311 MB, not loaded)']);
    assert.deepEqual(rows['tied'], ['lm_head.weight = model.llm.embed_tokens.weight (stored once)']);
    assert.deepEqual(rows['statistics'], ['norm_stats.json: action: min, max of 2']);
  });

  test('without progress is told by its tensors, and by its shapes alone', () => {
    const folder = path.join(root, 'dm0-base');
    assert.equal(writeHollowWeights(path.join(folder, 'model.safetensors'), shapes(false)), 5_170_374_720);
    const byShapes = examinePublishedFolder(folder)!;
    assert.deepEqual([byShapes.recognisedBy, byShapes.size, byShapes.problems.length], ['shapes', 'base', 0]);
    writeDm0Config(folder);
    assert.equal(examinePublishedFolder(folder)!.size, 'base');
  });

  test('with another vision tower is refused', () => {
    const folder = path.join(root, 'dm0-tower');
    writeDm0Config(folder, { mm_vision_tower: 'siglip' });
    assert.throws(() => examinePublishedFolder(folder), { code: 'unsupported', message: /got "siglip"/ });
  });
});

test('a full-size Xiaomi-Robotics-0 has the published tensors and parameters', () => {
  const folder = path.join(root, 'xiaomi');
  const shapes = shapesOf(XIAOMI_PUBLISHED.family.spec(XIAOMI_ROBOTICS_0, 0));
  assert.equal(Object.keys(shapes).length, 932);
  writeHollowWeights(path.join(folder, 'model.safetensors'), shapes);
  assert.equal(examinePublishedFolder(folder)!.published, XIAOMI_PUBLISHED);
  writeXiaomiConfig(folder);
  const step = { mean: [[0, 0]], std: [[1, 1]] };
  writeJson(folder, 'preprocessor_config.json', { action_config: { libero_all: step, bridge_delta: step } });
  const found = examinePublishedFolder(folder)!;
  assert.deepEqual([found.recognisedBy, found.size, found.problems.length], ['config', '4.7b', 0]);
  assert.equal(modelSize(found.parameters, found.published.part).parts.expert, 278_458_368);
  const rows = Object.fromEntries(inspectFolder(folder).rows.map(({ label, lines }) => [label, lines]));
  assert.deepEqual(rows['statistics'], [
    'preprocessor_config.json: libero_all: mean, std of 1 × 2',
    'preprocessor_config.json: bridge_delta: mean, std of 1 × 2',
  ]);
});

test('a full-size Qwen-VLA is a Qwen3.5 folder with our expert beside it', () => {
  const folder = path.join(root, 'qwen-vla');
  const shapes = shapesOf(QWEN_VLA_PUBLISHED.family.spec(QWEN_VLA_4B, 0));
  const ofExpert = (expert: boolean): Shapes =>
    Object.fromEntries(Object.entries(shapes).filter(([name]) => name.startsWith('action_expert.') === expert));
  writeHollowWeights(path.join(folder, 'model.safetensors'), {
    ...ofExpert(false),
    'mtp.norm.weight': { dtype: 'bf16', shape: [2560] },
  });
  writeHollowWeights(path.join(folder, 'action_expert.safetensors'), ofExpert(true));
  writeQwenVlaConfigs(folder, QWEN_VLA_4B);
  const found = examinePublishedFolder(folder)!;
  assert.deepEqual(found.problems, []);
  assert.deepEqual([found.recognisedBy, found.size, found.config], ['config', '4b', QWEN_VLA_4B]);
  assert.deepEqual(found.comparison.dead, ['mtp.norm.weight']);
  const { parts } = modelSize(found.parameters, found.published.part);
  assert.equal(parts.vision + parts.language, 4_539_265_536);
  assert.equal(parts.expert, 1_148_794_944);
  const rows = Object.fromEntries(inspectFolder(folder).rows.map(({ label, lines }) => [label, lines]));
  assert.match(rows['statistics']![0]!, /^none here: in the LeRobot dataset/);
});

test('a layout can rename, transpose, tie and leave out, and nothing of it is copied', async () => {
  const spec = {
    head: { weight: parameter([3, 2], 'zeros') },
    embed: { weight: parameter([3, 2], 'zeros') },
    map: { weight: parameter([2, 4], 'zeros') },
  };
  const family: PublishedFamily = {
    ...ZR0_PUBLISHED,
    family: { ...ZR0_PUBLISHED.family, spec: () => spec },
    layout: {
      files: ['model'],
      rename: (name) => (name.startsWith('net.') ? name.slice('net.'.length) : null),
      dead: [/^net\.old\./],
      tied: [{ name: 'net.head.weight', same: 'net.embed.weight' }],
      transposed: [{ pattern: /^net\.map\./, ours: 'swapped' }],
      dtype: 'f16',
    },
    recognise: () => SMALL_ZR0,
  };
  const folder = path.join(root, 'layout');
  const table = randomTensors({
    'net.embed.weight': { dtype: 'f16', shape: [3, 2] },
    'net.map.weight': { dtype: 'bf16', shape: [4, 2] },
    'net.old.bias': { dtype: 'f32', shape: [9] },
  });
  writeWeights(folder, 'model', table);
  const opened = openPublishedFolder(folder, [family]);
  assert.deepEqual(opened.comparison.dead, ['net.old.bias']);
  assert.equal(opened.comparison.tied[0]!.stored, 'once');
  const outputs = await readAll(spec, opened);
  const map = Array.from(table['net.map.weight']!.data as Uint16Array, bf16);
  const transposed = [0, 1].flatMap((row) => [0, 1, 2, 3].map((column) => map[column * 2 + row]!));
  assert.deepEqual(Array.from(outputs['out map.weight']!.data as Float32Array), transposed);
  assert.deepEqual(outputs['out head.weight']!.data, outputs['out embed.weight']!.data);
  const numbers = hostNumbers('f16', Array.from(outputs['out head.weight']!.data as Float32Array));
  assert.deepEqual(numbers, table['net.embed.weight']!.data);
});

/** The number of a bfloat16's bits. */
function bf16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}
