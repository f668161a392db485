/** @file One writer at a time: running processes keep a folder, dead ones do not. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { checkLock, lockFolder } from './folder-lock.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-lock-'));
test.after(() => fs.rmSync(root, { recursive: true }));

test('a folder has one writer until it is released', () => {
  const folder = path.join(root, 'new', 'folder');
  const release = lockFolder(folder);
  assert.throws(() => lockFolder(folder), {
    code: 'bad-argument',
    message: /expected no other writer, got one: process/,
  });
  release();
  lockFolder(folder)();
  assert.deepEqual(fs.readdirSync(folder), []);
});

test('what a running process holds is refused; what a dead one or one of this number left is not', () => {
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  for (const [pid, free] of [
    [dead, true],
    [process.pid, true],
    [process.ppid, false],
  ] as const) {
    fs.writeFileSync(path.join(root, 'lock'), String(pid));
    if (free) assert.doesNotThrow(() => checkLock(root));
    else assert.throws(() => checkLock(root), { hint: /delete .*lock if that process is something else/ });
  }
});
