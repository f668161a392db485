/** @file The cache of derived data: keys, damage, folders that cannot be written. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { DerivedCache } from './derived-cache.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'derived-'));
after(() => fs.rmSync(root, { recursive: true }));

const key = { kind: 'physics', version: 1, inputs: ['<mujoco/>', 'abc'] };
const never = (): never => {
  throw new Error('made again');
};

test('an entry is made once, and anew for other inputs, versions and kinds', () => {
  const cache = new DerivedCache(path.join(root, 'a'));
  assert.equal(
    cache.text(key, () => 'größe'),
    'größe',
  );
  assert.equal(new DerivedCache(cache.folder).text(key, never), 'größe');
  const others = [
    { ...key, kind: 'visual' },
    { ...key, version: 2 },
    { ...key, inputs: ['<mujoco/>', 'abd'] },
    { ...key, inputs: ['<mujoco/>abc'] },
  ];
  for (const other of others) assert.throws(() => cache.get(other, never), /made again/);
  assert.equal(fs.readdirSync(path.join(cache.folder, 'physics')).length, 1);
});

test('what is damaged, cut off or gone is made anew', () => {
  const cache = new DerivedCache(path.join(root, 'b'));
  const make = (): Uint8Array => Uint8Array.from([1, 2, 3]);
  cache.get(key, make);
  const file = cache.fileOf(key);
  const whole = fs.readFileSync(file);
  const spoilt = Buffer.from(whole);
  spoilt[whole.length - 1]! ^= 1;
  for (const bytes of [spoilt, whole.subarray(0, 20), Buffer.alloc(0), null]) {
    if (bytes === null) fs.rmSync(file);
    else fs.writeFileSync(file, bytes);
    assert.deepEqual([...cache.get(key, make)], [1, 2, 3]);
    assert.deepEqual([...cache.get(key, never)], [1, 2, 3]);
  }
});

test('where nothing can be written, everything is made each time', () => {
  fs.writeFileSync(path.join(root, 'file'), '');
  const cache = new DerivedCache(path.join(root, 'file', 'below'));
  let made = 0;
  for (let i = 0; i < 3; i++) cache.get(key, () => Uint8Array.from([++made]));
  assert.equal(made, 3);
});
