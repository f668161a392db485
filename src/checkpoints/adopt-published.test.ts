/** @file Policies of published folders: the official numbers from weights in place, and what becomes of such a policy. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import {
  absoluteRobot,
  adoptOptions,
  golden7,
  goldenObservation,
  goldenRobot,
  goldenWeights,
  withVocabulary,
  XIAOMI,
  xiaomiFolder,
  xiaomiWeights,
} from '../../tests/adopted-models.ts';
import { GOLDEN_DM0, GOLDEN_DM0_LAYOUT, goldenDm0Prompt, goldenXiaomiLayout } from '../../tests/golden-models.ts';
import { goldenTensors, largestDifference } from '../../tests/golden-tensors.ts';
import { copyTokenizer, shardName, writeDm0Config, writeJson, writeWeights } from '../../tests/published-folders.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import type { TokenLayout } from '../codec/prompt.ts';
import { constant, createSession, input, output, trace, type Value } from '../engine/index.ts';
import type { Embodiment } from '../interfaces/embodiment.ts';
import type { Policy } from '../interfaces/policy.ts';
import { policyOf } from '../models/checkpoint-policy.ts';
import { DM0_PUBLISHED } from '../models/dm0/published.ts';
import type { PublishedFamily } from '../models/published-layout.ts';
import { asWeights, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { openBase } from '../training/base-weights.ts';
import { loadPolicy } from '../training/load-policy.ts';
import { adoptPublished, type AdoptOptions } from './adopt-published.ts';
import { exportPolicy } from './export/export-policy.ts';
import { inspectFolder } from './inspect.ts';
import { readPolicyCheckpoint, type PolicyCheckpoint } from './policy-checkpoint.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'adopt-'));
after(() => fs.rmSync(root, { recursive: true }));

const open = (folder: string): Promise<Policy> => loadPolicy(folder, { runtime: 'cpu', threads: 1, inWorker: false });

/** A chunk of the weights in place, for the prompts of a golden file. */
async function sampleInPlace(
  parts: PolicyCheckpoint,
  layout: TokenLayout,
  feeds: Readonly<Record<string, Tensor>>,
  dimensions: Tensor,
): Promise<Tensor> {
  const { family, config, weights, weightFolder, settings } = parts;
  assert.ok(
    Object.values(weights).every((content) => 'file' in content),
    'nothing was copied',
  );
  const graph = trace(() => {
    const p = asWeights<Tree<ParameterSpec>>(family.spec(config, layout.length)) as Tree<Value>;
    const read = (name: string): Value => input(name, feeds[name]!.dtype, feeds[name]!.shape);
    const state = 'state' in feeds ? read('state') : null;
    const prompt = {
      pixels: Object.fromEntries(layout.images.map(({ camera }) => [camera, read(camera)])),
      tokens: read('tokens'),
      tokenMask: read('tokenMask'),
      lastToken: null,
      state,
    };
    const context = family.context(p, family.encode(p, prompt, layout, config), state, config);
    output('sample', family.sample(p, context, read('start'), constant(dimensions), settings.eulerSteps, config));
  });
  const session = await createSession(graph, { runtime: 'cpu', threads: 1, weights, weightFolder: weightFolder! });
  const { sample } = await session.run(feeds);
  await session.close();
  return sample!;
}

/** The policy of a folder acts as one of the same weights in memory does. */
async function actsAsInMemory(folder: string, weights: Readonly<Record<string, Tensor>>): Promise<void> {
  const { weightFolder: _, ...parts } = readPolicyCheckpoint(folder);
  const session = { runtime: 'cpu', threads: 1 } as const;
  const [placed, memory] = [await open(folder), await policyOf({ ...parts, weights }, { name: 'memory', session })];
  for (const policy of [placed, memory]) await policy.reset({ seed: 3 });
  assert.deepEqual(await placed.infer(goldenObservation), await memory.infer(goldenObservation));
  await placed.close();
  await memory.close();
}

const xiaomi = xiaomiFolder(path.join(root, 'xiaomi'));
const golden = adoptOptions(root, { robotType: 'golden' });

describe('Xiaomi-Robotics-0', () => {
  const folder = path.join(root, 'policies', 'xiaomi');

  test('gives the official chunk from weights that stay in their two shards', async () => {
    const { family, size, horizon, cameras } = await adoptPublished(xiaomi, folder, golden);
    assert.deepEqual([family, size, horizon, cameras], ['Xiaomi-Robotics-0', 'other', 7, ['base', 'wrist']]);
    const tensors = goldenTensors('xiaomi-robotics-0');
    const names = ['base', 'wrist', 'tokens', 'tokenMask', 'state', 'start'];
    const feeds = Object.fromEntries(names.map((name) => [name, tensors[`io.${name}`]!]));
    const parts = readPolicyCheckpoint(folder);
    assert.deepEqual(parts.config, XIAOMI);
    const sample = await sampleInPlace(parts, goldenXiaomiLayout(), feeds, f32(parts.codec.actionDimensions));
    const official = tensors['causal.sample']!;
    // Places that do not move are noise there and zero here; neither reaches the robot.
    const theirs = Float32Array.from(official.data as Float32Array, (x, i) => (i % 4 === 3 ? 0 : x));
    assert.ok(largestDifference(sample, f32(theirs, official.shape as number[])) < 5e-5);
    // The published processor's decoding, of the first prompt's chunk.
    const chunk = theirs.subarray(0, 28);
    const { data } = parts.codec.decodeActions(chunk, goldenObservation.state);
    data.forEach((action, i) => {
      const [step, place] = [Math.floor(i / 3), i % 3];
      const expected = chunk[step * 4 + place]! * golden7.std[step]![place]! + golden7.mean[step]![place]!;
      assert.ok(Math.abs(action - expected) < 1e-4, `${i}: ${action}, ${expected}`);
    });
  });

  test('acts as the same weights in memory, and takes state and views as published', async () => {
    await actsAsInMemory(folder, xiaomiWeights);
    const { codec } = readPolicyCheckpoint(folder);
    const { state } = codec.encodeObservation(goldenObservation);
    assert.deepEqual([...(state!.data as Float32Array)], [0.1, -0.2, 0.3, 0.04, 0].map(Math.fround));
    const text = codec.config.prompt.parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
    assert.match(text, /# Base View\n\n# Left-Wrist View\n/);
    const other = path.join(root, 'policies', 'views');
    const cameras = [{ name: 'wrist', view: 'right_wrist' }];
    await adoptPublished(xiaomi, other, adoptOptions(root, { robotType: 'golden', cameras }));
    assert.deepEqual(
      readPolicyCheckpoint(other).codec.config.cameras.map(({ name, label }) => [name, label]),
      [['wrist', 'Right-Wrist View']],
    );
  });

  test('is inspected, exported and trained from like a checkpoint of our own', async () => {
    const rows = Object.fromEntries(inspectFolder(folder).rows.map(({ label, lines }) => [label, lines]));
    assert.deepEqual([rows['loads'], rows['missing']], [['yes'], ['none']]);
    assert.match(rows['files']![0]!, /model-00001-of-00002\.safetensors/);
    const exported = path.join(root, 'exported');
    await exportPolicy(readPolicyCheckpoint(folder), exported);
    const used = Object.values(xiaomiWeights).reduce((sum, { data }) => sum + data.byteLength, 0);
    const size = fs.statSync(path.join(exported, 'model.safetensors')).size;
    assert.ok(size > 0.5 * used && size < used + 60_000, `${size} of ${used}`);
    const base = openBase(folder);
    const name = 'sink.weight';
    assert.deepEqual(base.read(name).data, xiaomiWeights[name]!.data);
    assert.match(base.sha256, /^[0-9a-f]{64}$/);
  });

  test('files that moved, changed or went are refused by name, and copies with the same bytes are not', async () => {
    const from = xiaomiFolder(path.join(root, 'moving'));
    const policy = path.join(root, 'policies', 'moving');
    await adoptPublished(from, policy, golden);
    const shard = path.join(from, shardName('model', 1, 2));
    const bytes = fs.readFileSync(shard);
    fs.writeFileSync(shard, bytes);
    fs.utimesSync(shard, 1, 1);
    readPolicyCheckpoint(policy);
    const edited = Buffer.from(bytes);
    edited[edited.length - 1]! ^= 1;
    fs.writeFileSync(shard, edited);
    const named = shardName('model', 1, 2).replaceAll('.', String.raw`\.`);
    const refused = (code: string, message: string): void =>
      assert.throws(() => readPolicyCheckpoint(policy), { code, message: new RegExp(`${named}: ${message}`) });
    refused('bad-data', 'expected SHA-256 ');
    fs.writeFileSync(shard, bytes.subarray(0, bytes.length - 4));
    refused('bad-data', `expected ${bytes.length} bytes .*weights\\.json.*, got ${bytes.length - 4}`);
    fs.rmSync(shard);
    refused('not-found', 'expected the weights that .*weights\\.json names, got no such file');
    fs.writeFileSync(shard, bytes);
    fs.renameSync(from, `${from}-elsewhere`);
    assert.throws(() => readPolicyCheckpoint(policy), { code: 'not-found', message: /moving.*model-0000/ });
    // The folder may be relative to the policy's.
    const at = path.join(policy, 'weights.json');
    const places = JSON.parse(fs.readFileSync(at, 'utf8')) as { folder: string };
    fs.writeFileSync(at, JSON.stringify({ ...places, folder: '../../moving-elsewhere' }));
    readPolicyCheckpoint(policy);
  });
});

describe('DM0', () => {
  const DM0 = withVocabulary(GOLDEN_DM0);
  const weights = goldenWeights('dm0', DM0_PUBLISHED.family.spec(DM0, 15), 'model.llm.embed_tokens.weight');
  const dm0Robot: Embodiment = { ...absoluteRobot, state: { ...goldenRobot.state, names: ['x', 'y', 'finger'] } };
  // The published configuration says the vision tower by name alone; this small one has none.
  const families: PublishedFamily[] = [{ ...DM0_PUBLISHED, recognise: () => DM0 }];
  const stats = { min: [-1, -2, 0, 0], max: [1, 2, 1, 0], mean: [0, 0.5, 0.5, 0], std: [1, 2, 0.25, 0] };
  const from = path.join(root, 'dm0');
  writeWeights(from, 'model', weights, 2);
  writeDm0Config(from, {}, DM0);
  copyTokenizer(from);
  writeJson(from, 'norm_stats.json', { norm_stats: { state: stats, action: stats } });
  const seen = { ...goldenObservation, state: Float32Array.of(0.1, -0.2, 0.3) };

  test('gives the official chunk from weights in place', async () => {
    const folder = path.join(root, 'policies', 'dm0');
    await adoptPublished(from, folder, adoptOptions(root, { absolute: ['gripper'], horizon: 5 }, dm0Robot), families);
    const parts = readPolicyCheckpoint(folder);
    assert.deepEqual([parts.settings.eulerSteps, parts.codec.horizon], [10, 5]);
    const tensors = goldenTensors('dm0');
    const feeds = {
      front: tensors['io.front']!,
      wrist: tensors['io.wrist']!,
      start: tensors['io.start']!,
      ...goldenDm0Prompt(tensors),
    };
    const sample = await sampleInPlace(parts, GOLDEN_DM0_LAYOUT, feeds, f32([1, 1, 1, 0]));
    assert.ok(largestDifference(sample, tensors['io.sample']!) < 1e-4);
    // The official decoding: to [min, max], then the state is added to all but grippers.
    const chunk = (sample.data as Float32Array).subarray(0, 20);
    const { data } = parts.codec.decodeActions(chunk, seen.state);
    data.forEach((action, i) => {
      const [step, d] = [Math.floor(i / 3), i % 3];
      const range = stats.max[d]! - stats.min[d]! + 1e-6;
      const own = ((chunk[step * 4 + d]! + 1) / 2) * range + stats.min[d]! + (d === 2 ? 0 : seen.state[d]!);
      assert.ok(Math.abs(action - own) < 1e-5, `${i}: ${action}, ${own}`);
    });
    const policy = await open(folder);
    assert.equal((await policy.infer(seen)).horizon, 5);
    await policy.close();
  });

  test('the LIBERO weights take mean and deviation', async () => {
    const folder = path.join(root, 'policies', 'dm0-libero');
    const choices = { absolute: ['gripper'], horizon: 5, normalisation: 'mean-std' } as const;
    await adoptPublished(from, folder, adoptOptions(root, choices, dm0Robot), families);
    const { data } = readPolicyCheckpoint(folder).codec.decodeActions(new Float32Array(20).fill(1), seen.state);
    [0.1 + 1, -0.2 + 2.5, 0.75].forEach((expected, d) => assert.ok(Math.abs(data[d]! - expected) < 1e-5));
  });

  test('what it cannot know, and what is another robot’s, is refused', async () => {
    const folder = path.join(root, 'policies', 'none');
    const refuses = (choices: Partial<AdoptOptions['choices']>, code: string, message: RegExp, change = dm0Robot) =>
      assert.rejects(adoptPublished(from, folder, adoptOptions(root, choices, change), families), { code, message });
    await refuses({}, 'bad-argument', /--absolute: expected the actions that stay absolute/);
    await refuses(
      { absolute: ['griper'] },
      'not-found',
      /--absolute: action of golden: expected one of dx, dy, gripper/,
    );
    await refuses({ absolute: [], robotType: 'x' }, 'bad-argument', /--robot-type: expected none for dm0/);
    await refuses({ absolute: [], normalisation: 'min-max' }, 'bad-argument', /--normalisation: expected quantile or/);
    const shorter = { ...dm0Robot, action: { ...dm0Robot.action, names: ['dx', 'dy'] } };
    const other = /norm_stats\.json: action: expected statistics of 2 numbers, got 3/;
    await refuses({ absolute: [] }, 'mismatch', other, shorter);
    const cameras = ['base', 'wrist', 'base', 'wrist'].map((name) => ({ name, view: null }));
    await refuses({ absolute: [], cameras }, 'bad-argument', /prompt dm0: expected at most 3 cameras, got 4/);
    const viewed = [{ name: 'base', view: 'ego' }];
    await refuses({ absolute: [], cameras: viewed }, 'bad-argument', /--cameras: expected no views for dm0, got "ego"/);
    await refuses({ absolute: [], horizon: 51 }, 'mismatch', /horizon: expected at most 50 actions/);
    assert.equal(fs.existsSync(folder), false);
  });
});
