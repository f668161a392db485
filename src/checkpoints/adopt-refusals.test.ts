/** @file What no policy is made of, and what such a policy refuses: each by file, tensor, robot type or camera. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { adoptOptions, goldenObservation, xiaomiFolder } from '../../tests/adopted-models.ts';
import { shardName, writeJson } from '../../tests/published-folders.ts';
import { f32, type Tensor } from '../base/tensor.ts';
import type { Policy } from '../interfaces/policy.ts';
import { loadPolicy } from '../training/load-policy.ts';
import { adoptPublished } from './adopt-published.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'refuse-'));
after(() => fs.rmSync(root, { recursive: true }));

const open = (folder: string): Promise<Policy> => loadPolicy(folder, { runtime: 'cpu', threads: 1, inWorker: false });

const xiaomi = xiaomiFolder(path.join(root, 'xiaomi'));
const golden = adoptOptions(root, { robotType: 'golden' });

describe('a folder is not adopted', () => {
  const out = path.join(root, 'policies', 'refused');
  const refuses = async (from: string, code: string, message: RegExp, how = golden): Promise<void> => {
    await assert.rejects(adoptPublished(from, out, how), { code, message });
    assert.equal(fs.existsSync(out), false);
  };

  test('without one of its shards', async () => {
    const folder = xiaomiFolder(path.join(root, 'shard'));
    fs.rmSync(path.join(folder, shardName('model', 1, 2)));
    await refuses(folder, 'not-found', /model-00002-of-00002\.safetensors: expected this shard, got no such file/);
  });

  test('with tensors of another type or shape, or more of them', async () => {
    const change = (name: string, tensor: Tensor) =>
      xiaomiFolder(path.join(root, `tensor ${name}`), (all) => (all[name] = tensor));
    const bytes = { dtype: 'i8', shape: [1, 16], data: new Int8Array(16) } as const;
    await refuses(
      change('sink.weight', bytes),
      'bad-shape',
      /"sink\.weight": expected float \[1, 16\], got i8 \[1, 16\]/,
    );
    const shaped = f32([1, 2]);
    await refuses(change('t_projector.layers.0.bias', shaped), 'bad-shape', /"t_projector\.layers\.0\.bias": expected/);
    await refuses(change('more.weight', shaped), 'mismatch', /tensor "more\.weight" is not part of the model/);
  });

  test('with a number that is none', async () => {
    const folder = xiaomiFolder(path.join(root, 'nan'), (all) => {
      all['sink.weight'] = f32(
        Array.from({ length: 16 }, (_, i) => (i === 5 ? NaN : 0)),
        [1, 16],
      );
    });
    await refuses(
      folder,
      'not-finite',
      /model-0000.*: tensor "sink\.weight": expected finite numbers, got others from 5/,
    );
  });

  test('with a tokenizer of more tokens than the embedding has rows, or without one', async () => {
    const folder = xiaomiFolder(path.join(root, 'tokens'));
    const file = path.join(folder, 'tokenizer.json');
    const tokenizer = JSON.parse(fs.readFileSync(file, 'utf8')) as { added_tokens: object[] };
    const added = { id: 600, content: '<x>', special: true };
    writeJson(folder, 'tokenizer.json', { ...tokenizer, added_tokens: [...tokenizer.added_tokens, added] });
    await refuses(
      folder,
      'mismatch',
      /tokenizer\.json: expected token ids below 576 \(rows of the embedding\), got 600/,
    );
    fs.rmSync(file);
    await refuses(folder, 'not-found', /expected tokenizer\.json, or vocab\.json and merges\.txt, got neither/);
  });

  test('with statistics of another robot, or of none that is known', async () => {
    await refuses(
      xiaomi,
      'bad-argument',
      /--robot-type: expected one of golden, one_arm, two_arms, got none/,
      adoptOptions(root),
    );
    const unknown = /--robot-type: statistics in .*preprocessor_config\.json: expected one of golden, .*, got "libero"/;
    await refuses(xiaomi, 'not-found', unknown, adoptOptions(root, { robotType: 'libero' }));
    const moves = (count: number): RegExp =>
      new RegExp(`: expected statistics of 3 moving places .*golden.*, got ${count}`);
    await refuses(xiaomi, 'mismatch', moves(2), adoptOptions(root, { robotType: 'one_arm' }));
    await refuses(xiaomi, 'mismatch', moves(4), adoptOptions(root, { robotType: 'two_arms' }));
    const wrong = path.join(root, 'wrong.json');
    writeJson(root, 'wrong.json', { action_config: { golden: { mean: [[0, 0]], std: [[1, 1]] } } });
    const short = /wrong\.json: golden: a step: expected statistics of 4 numbers, got 2/;
    await refuses(xiaomi, 'mismatch', short, { ...golden, statistics: wrong });
  });

  test('for cameras that the robot or the model does not have', async () => {
    const named = (...cameras: [string, string | null][]) =>
      adoptOptions(root, { robotType: 'golden', cameras: cameras.map(([name, view]) => ({ name, view })) });
    await refuses(
      xiaomi,
      'not-found',
      /--cameras: camera of golden: expected one of base, wrist/,
      named(['top', null]),
    );
    await refuses(xiaomi, 'not-found', /--cameras: view of "base": expected one of base, ego/, named(['base', 'side']));
    const four = ['base', 'wrist', 'base', 'wrist'].map((name): [string, null] => [name, null]);
    await refuses(xiaomi, 'bad-argument', /--cameras: expected at most 3 cameras, got 4/, named(...four));
    const viewed = four.map(([name]): [string, string] => [name, 'ego']);
    await refuses(
      xiaomi,
      'bad-argument',
      /prompt xiaomi-robotics-0: expected at most 3 cameras, got 4/,
      named(...viewed),
    );
  });

  test('over anything but a policy of its kind', async () => {
    fs.mkdirSync(path.join(root, 'mine'));
    fs.writeFileSync(path.join(root, 'mine', 'thesis.txt'), 'x');
    await assert.rejects(adoptPublished(xiaomi, path.join(root, 'mine'), golden), {
      code: 'bad-argument',
      message: /mine: expected a new folder for the policy, got one that is in use/,
    });
    await adoptPublished(xiaomi, path.join(root, 'policies', 'xiaomi'), golden);
  });
});

test('an empty image and a prompt beyond the context are refused by the policy', async () => {
  const policy = await open(path.join(root, 'policies', 'xiaomi'));
  const empty = { width: 0, height: 16, data: new Uint8Array(0) };
  const images = { ...goldenObservation.images, base: empty };
  await assert.rejects(policy.infer({ ...goldenObservation, images }), { code: 'bad-shape', message: /camera "base"/ });
  await assert.rejects(policy.infer({ ...goldenObservation, instruction: 'lift the red cube '.repeat(40) }), {
    code: 'bad-argument',
    message: /instruction: expected at most 64 tokens, got \d+/,
  });
  await policy.close();
});
