/** @file What weights say about themselves: written with a checkpoint, and held against the files beside them by name. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { shippedFile } from '../base/shipped-file.ts';
import { readJson, sha256File } from '../base/files.ts';
import type { PolicyCodecConfig } from '../codec/codec-config.ts';
import { loadCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { inspectFolder } from './inspect.ts';
import { checkMetadata, policyMetadata } from './metadata.ts';
import { readPolicyCheckpoint } from './policy-checkpoint.ts';
import { readHeader } from './weight-files.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'metadata-'));
after(() => fs.rmSync(root, { recursive: true }));

const shipped = path.dirname(shippedFile('checkpoints/quickstart/config.json'));
const FILES = ['config', 'codec', 'policy', 'tokenizer', 'tokenizer_config', 'embodiment', 'training'];

/** The shipped checkpoint written anew, with metadata. */
async function rewritten(name: string): Promise<string> {
  const folder = path.join(root, name);
  const files = Object.fromEntries(
    FILES.map((file) => [`${file}.json` as const, readJson(path.join(shipped, `${file}.json`))]),
  );
  await writeCheckpoint(folder, loadCheckpoint(shipped).weights(), files, null);
  return folder;
}

/** Replaces a file as somebody would who knows of the hashes. */
function replace(folder: string, name: string, change: (content: unknown) => unknown): void {
  const at = path.join(folder, name);
  fs.writeFileSync(at, JSON.stringify(change(readJson(at))));
  const hashes = readJson<Record<string, string>>(path.join(folder, 'hashes.json'));
  hashes[name] = sha256File(at);
  fs.writeFileSync(path.join(folder, 'hashes.json'), JSON.stringify(hashes));
}

test('a checkpoint says its family, flow time, conventions and hashes, and loads', async () => {
  const folder = await rewritten('whole');
  const { metadata } = readHeader(path.join(folder, 'model.safetensors')).header;
  assert.equal(metadata['format'], 'pt');
  assert.equal(metadata['vlakit.family'], 'zr-0');
  assert.equal(metadata['vlakit.flow_time'], 'noise fraction: 1 is noise, 0 is the action');
  assert.equal(metadata['vlakit.velocity'], 'noise - action');
  assert.match(metadata['vlakit.action_convention']!, /frame base, gripper close-positive, reference delta/);
  assert.match(metadata['vlakit.codec']!, /^[0-9a-f]{64}$/);
  readPolicyCheckpoint(folder);
  const { rows, problems } = inspectFolder(folder);
  assert.deepEqual(problems, []);
  assert.equal(rows.find(({ label }) => label === 'made with')!.lines.length, 9);
});

test('another layout of the same JSON is no mismatch', async () => {
  const folder = await rewritten('layout');
  replace(folder, 'codec.json', (codec) => Object.fromEntries(Object.entries(codec as object).reverse()));
  readPolicyCheckpoint(folder);
});

test('statistics, conventions, codec, tokenizer or family of another checkpoint are refused by name', async () => {
  type Codec = { -readonly [K in keyof PolicyCodecConfig]: PolicyCodecConfig[K] };
  const codec = (change: (codec: Codec) => void) => (content: unknown) => {
    change(content as Codec);
    return content;
  };
  const cases: Record<string, [file: string, change: (content: unknown) => unknown, message: RegExp]> = {
    statistics: [
      'codec.json',
      (content) => JSON.parse(JSON.stringify(content).replace(/"q99":\[[-\d.e]+/, '"q99":[9')) as unknown,
      /statistics \(SHA-256\): the weights were made with \w{12}…, codec\.json has \w{12}…/,
    ],
    convention: [
      'codec.json',
      codec((c) => (c.action = { ...c.action, convention: { ...c.action.convention, gripper: 'close-negative' } })),
      /action convention: the weights were made with .*close-positive.*, codec\.json has .*close-negative/,
    ],
    embodiment: [
      'codec.json',
      codec((c) => (c.embodiment = 'other')),
      /embodiment: .* vlakit-tabletop, codec\.json has other/,
    ],
    codec: ['codec.json', codec((c) => (c.controlHz = 50)), /codec \(SHA-256\): the weights were made with \w{12}…/],
    tokenizer: ['tokenizer.json', (content) => ({ ...(content as object), version: '2' }), /tokenizer \(SHA-256\)/],
    family: [
      'config.json',
      (content) => ({ ...(content as object), family: 'dm0' }),
      /family: .* zr-0, config\.json has dm0/,
    ],
  };
  for (const [name, [file, change, message]] of Object.entries(cases)) {
    const folder = await rewritten(`other-${name}`);
    replace(folder, file, change);
    assert.throws(() => loadCheckpoint(folder), { code: 'mismatch', message }, name);
    assert.match(inspectFolder(folder).problems[0]!.message, message);
  }
});

test('weights of another flow time are refused, and weights that say nothing pass', () => {
  const metadata = policyMetadata(() => undefined);
  assert.deepEqual(Object.keys(metadata), ['format', 'vlakit.flow_time', 'vlakit.velocity']);
  const backwards = { ...metadata, 'vlakit.velocity': 'action - noise' };
  assert.throws(() => checkMetadata('w', backwards, () => undefined), {
    code: 'mismatch',
    message: 'w: velocity: the weights were made with action - noise, this version has noise - action.',
  });
  checkMetadata('w', { format: 'pt' }, () => ({}));
});
