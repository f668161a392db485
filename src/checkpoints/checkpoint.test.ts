/** @file Checkpoint folders are whole or absent, and every kind of damage is one clear error. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { encodeSafetensors } from '../base/safetensors.ts';
import { f32, zeros, type Tensor } from '../base/tensor.ts';
import { checkWeights } from '../models/check-weights.ts';
import { loadCheckpoint, writeCheckpoint } from './checkpoint.ts';
import {
  bestCheckpoint,
  checkpointFolder,
  checkpointSteps,
  pruneCheckpoints,
  resolveCheckpoint,
  writeBest,
} from './checkpoint-series.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'checkpoint-'));
after(() => fs.rmSync(root, { recursive: true }));

const weights = { 'a.weight': f32([1, 2, 3, 4], [2, 2]), 'a.bias': f32([0, 1]) };
const files = { 'config.json': { family: 'mlp' }, 'training.json': { step: 3 } };
const state = { tensors: { flat: f32([1, 2]) }, loop: { step: 3, sum: 0.1 + 0.2 } };

async function fresh(name: string): Promise<string> {
  const folder = path.join(root, name);
  await writeCheckpoint(folder, weights, files, state);
  return folder;
}

test('a checkpoint reads back bit for bit', async () => {
  const checkpoint = loadCheckpoint(await fresh('whole'));
  assert.deepEqual({ ...checkpoint.weights() }, weights);
  assert.deepEqual(checkpoint.json('config.json'), { family: 'mlp' });
  assert.deepEqual(checkpoint.state(), state);
  assert.equal(checkpoint.has('codec.json'), false);
  assert.throws(() => checkpoint.json('codec.json'), /expected codec\.json in the checkpoint, got none/);
});

test('a checkpoint stripped of its training state is whole', async () => {
  const folder = await fresh('stripped');
  fs.rmSync(path.join(folder, 'training-state'), { recursive: true });
  assert.equal(loadCheckpoint(folder).state(), null);
});

test('a file that was cut off, edited or lost is named', async () => {
  const folder = await fresh('damaged');
  const file = path.join(folder, 'model.safetensors');
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(file, bytes.subarray(0, bytes.length - 1));
  assert.throws(
    () => loadCheckpoint(folder),
    /model\.safetensors: expected SHA-256 \w{12}…, got \w{12}… \(\d+ bytes\)/,
  );
  fs.rmSync(path.join(folder, 'hashes.json'));
  assert.throws(() => loadCheckpoint(folder).weights(), /tensor "a\.bias": expected to end within/);
  const lost = await fresh('lost');
  fs.rmSync(path.join(lost, 'config.json'));
  assert.throws(() => loadCheckpoint(lost), /expected config\.json \(hashes\.json names it\), got none/);
  assert.throws(
    () => loadCheckpoint(path.join(root, 'nowhere')),
    /expected a checkpoint folder with model\.safetensors/,
  );
});

test('weights of another model, shape or with NaN are refused by name', () => {
  const check = (changed: Record<string, Tensor>): void => checkWeights('x', changed, weights);
  check({ ...weights });
  assert.throws(
    () => check({ 'a.weight': weights['a.weight'], 'a.bais': weights['a.bias'] }),
    /"a\.bias", got "a\.bais"/,
  );
  assert.throws(
    () => check({ ...weights, 'a.bias': f32([0, 1, 2]) }),
    /tensor "a\.bias": expected f32 \[2\], got f32 \[3\]/,
  );
  assert.throws(() => check({ ...weights, 'a.bias': zeros('f16', [2]) }), /expected f32 \[2\], got f16 \[2\]/);
  assert.throws(
    () => check({ ...weights, 'a.bias': f32([0, Number.NaN]) }),
    /expected finite numbers, got NaN at element 1/,
  );
  assert.throws(() => check({ ...weights, b: f32([0]) }), /tensor "b" is not part of the model/);
  const half = { b: { dtype: 'bf16', shape: [2], data: Uint16Array.of(0x3f80, 0x7fc0) } as Tensor };
  assert.throws(() => checkWeights('x', half, half), /"b": expected finite numbers/);
});

test('a read-only or impossible folder is an error that leaves nothing behind', async () => {
  const blocked = path.join(root, 'blocked');
  fs.writeFileSync(blocked, 'a file where a folder should be');
  await assert.rejects(writeCheckpoint(path.join(blocked, 'step-1'), weights, files, null), /write: .*ENOTDIR|EEXIST/);
  assert.deepEqual(
    fs.readdirSync(root).filter((name) => name.includes('.tmp')),
    [],
  );
});

test('pruning keeps the newest and the best, and clears what a killed process left', async () => {
  const run = path.join(root, 'run');
  for (const step of [10, 20, 30, 40]) await writeCheckpoint(checkpointFolder(run, step), weights, files, null);
  fs.mkdirSync(path.join(run, 'checkpoints', 'step-00000050.123.tmp'));
  writeBest(run, { step: 20, score: 0.5 });
  pruneCheckpoints(run, 2, bestCheckpoint(run)!.step);
  assert.deepEqual(checkpointSteps(run), [20, 30, 40]);
  assert.deepEqual(fs.readdirSync(path.join(run, 'checkpoints')).sort(), [
    'best.json',
    'step-00000020',
    'step-00000030',
    'step-00000040',
  ]);
  assert.equal(resolveCheckpoint(run), checkpointFolder(run, 20));
  assert.equal(resolveCheckpoint(run, 'newest'), checkpointFolder(run, 40));
  assert.equal(resolveCheckpoint(checkpointFolder(run, 30)), checkpointFolder(run, 30));
  assert.throws(() => resolveCheckpoint(root), /expected a checkpoint or a training run, got neither/);
});

test('a half-written safetensors file without hashes says where it ends', () => {
  const bytes = encodeSafetensors(weights);
  const folder = path.join(root, 'foreign');
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'model.safetensors'), bytes.subarray(0, 40));
  assert.throws(() => loadCheckpoint(folder).weights(), /expected a header of \d+ bytes, got 40 bytes in all/);
});
