/** @file The cache of derived data: keys, damage, several threads at once, its bound, folders that cannot be written. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { workerUrl } from '../../base/worker-url.ts';
import { DerivedCache } from './derived-cache.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'derived-'));
after(() => fs.rmSync(root, { recursive: true }));

const key = { kind: 'look', version: 1, inputs: ['<mujoco/>', Uint8Array.from([1, 2])] };
const make = (): Uint8Array => Uint8Array.from([1, 2, 3]);
const never = (): never => {
  throw new Error('made again');
};

test('an entry is made once, and anew for other inputs, versions, kinds and makers', () => {
  const cache = new DerivedCache(path.join(root, 'a'), ['simplifier 1.3']);
  assert.deepEqual([...cache.get(key, make)], [1, 2, 3]);
  assert.deepEqual([...new DerivedCache(cache.folder, ['simplifier 1.3']).get(key, never)], [1, 2, 3]);
  const others = [
    { ...key, kind: 'other' },
    { ...key, version: 2 },
    { ...key, inputs: ['<mujoco/>', Uint8Array.from([1, 3])] },
    { ...key, inputs: ['<mujoco/>', 1, 2] },
    { ...key, inputs: ['<mujoco/>'] },
  ];
  for (const other of others) assert.throws(() => cache.get(other, never), /made again/);
  assert.throws(() => new DerivedCache(cache.folder, ['simplifier 1.4']).get(key, never), /made again/);
  assert.equal(fs.readdirSync(path.join(cache.folder, 'look')).length, 1);
});

test('what is damaged, cut off or gone is made anew', () => {
  const cache = new DerivedCache(path.join(root, 'b'));
  cache.get(key, make);
  const file = cache.fileOf(key);
  const whole = fs.readFileSync(file);
  const spoilt = Buffer.from(whole);
  spoilt[whole.length - 1]! ^= 1;
  for (const bytes of [spoilt, whole.subarray(0, 20), whole.subarray(0, -1), Buffer.alloc(0), null]) {
    if (bytes === null) fs.rmSync(file);
    else fs.writeFileSync(file, bytes);
    assert.deepEqual([...cache.get(key, make)], [1, 2, 3]);
    assert.deepEqual([...cache.get(key, never)], [1, 2, 3]);
  }
});

test('threads that make the same entry at once do not disturb each other', async () => {
  const folder = path.join(root, 'threads');
  const module = workerUrl(import.meta.url, './derived-cache').href;
  const work = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ DerivedCache }) => {
      const cache = new DerivedCache(workerData.folder);
      for (let i = 0; i < 40; i++) {
        const bytes = cache.get({ kind: 'k', version: 1, inputs: [i] }, () => new Uint8Array(50_000).fill(i));
        if (bytes.length !== 50_000 || bytes.some((value) => value !== i)) throw new Error('other bytes');
      }
      parentPort.postMessage(cache.refused);
    });`;
  const refused = await Promise.all(
    [0, 1, 2, 3].map(
      () =>
        new Promise((resolve, reject) => {
          const worker = new Worker(work, { eval: true, workerData: { module, folder } });
          worker.once('message', resolve).once('error', reject);
        }),
    ),
  );
  assert.deepEqual(refused, [false, false, false, false]);
  assert.equal(fs.readdirSync(path.join(folder, 'k')).length, 40, 'nothing temporary is left');
});

test('what was not used for longest is deleted when there is too much', () => {
  const random = (seed: number) => (): Uint8Array =>
    Uint8Array.from({ length: 1000 }, (_, i) => Math.imul(seed * 7919 + i, 0x9e3779b1) >>> 24);
  const cache = new DerivedCache(path.join(root, 'bound'), [], 2500);
  const keys = [1, 2, 3].map((seed) => ({ ...key, inputs: [seed] }));
  cache.get(keys[0]!, random(1));
  cache.get(keys[1]!, random(2));
  for (const [i, one] of keys.slice(0, 2).entries()) fs.utimesSync(cache.fileOf(one), 1000 + i, 1000 + i);
  cache.get(keys[0]!, never);
  cache.get(keys[2]!, random(3));
  assert.deepEqual(
    keys.map((one) => fs.existsSync(cache.fileOf(one))),
    [true, false, true],
  );
});

test('where nothing can be written, everything is made each time', () => {
  fs.writeFileSync(path.join(root, 'file'), '');
  const cache = new DerivedCache(path.join(root, 'file', 'below'));
  let made = 0;
  for (let i = 0; i < 3; i++) cache.get(key, () => Uint8Array.from([++made]));
  assert.equal(made, 3);
});
