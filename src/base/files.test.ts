/** @file Atomic files and folders: all or nothing, and file-system errors that say what to do. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import {
  readJson,
  recoverFolder,
  requireWritableFolder,
  sha256File,
  writeFileAtomic,
  writeFolderAtomic,
} from './files.ts';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-files-'));
test.after(() => fs.rmSync(scratch, { recursive: true, force: true }));

test('a file is replaced whole and nothing else is left', () => {
  const file = path.join(scratch, 'deep', 'a.json');
  writeFileAtomic(file, '{"n": 1}');
  writeFileAtomic(file, '{"n": 2}');
  assert.deepEqual(readJson(file), { n: 2 });
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ['a.json']);
  assert.equal(sha256File(file), createHash('sha256').update('{"n": 2}').digest('hex'));
});

test('a folder that fails half-way leaves the old one and nothing else', async () => {
  const folder = path.join(scratch, 'checkpoint');
  await writeFolderAtomic(folder, (at) => fs.writeFileSync(path.join(at, 'one'), '1'));
  await assert.rejects(
    writeFolderAtomic(folder, (at) => {
      fs.writeFileSync(path.join(at, 'two'), '2');
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    }),
    { code: 'io', hint: 'The disk is full: free some space, or choose another folder.' },
  );
  assert.deepEqual(fs.readdirSync(folder), ['one']);
  await writeFolderAtomic(folder, async (at) => fs.writeFileSync(path.join(at, 'three'), '3'));
  assert.deepEqual(fs.readdirSync(folder), ['three']);
  assert.deepEqual(
    fs.readdirSync(scratch).filter((name) => /\.(tmp|old)$/.test(name)),
    [],
  );
});

test('what a process left that was killed between the two renames is put in order', () => {
  const folder = path.join(scratch, 'killed');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const make = (name: string, content: string): void => {
    fs.mkdirSync(path.join(scratch, name));
    fs.writeFileSync(path.join(scratch, name, 'content'), content);
  };
  const found = (): [string, string[]] => {
    recoverFolder(folder);
    const content = fs.readFileSync(path.join(folder, 'content'), 'utf8');
    return [content, fs.readdirSync(scratch).filter((name) => name.startsWith('killed'))];
  };
  make(`killed.${dead}.old`, 'old');
  make(`killed.${dead}.tmp`, 'new');
  assert.deepEqual(found(), ['new', ['killed']]);
  make(`killed.${dead}.tmp`, 'half');
  assert.deepEqual(found(), ['new', ['killed']]);
  fs.renameSync(folder, path.join(scratch, `killed.${dead}.old`));
  assert.deepEqual(found(), ['new', ['killed']]);
  // Another process that runs is at work there.
  make(`killed.${process.ppid}.tmp`, 'theirs');
  assert.deepEqual(found(), ['new', ['killed', `killed.${process.ppid}.tmp`]]);
  recoverFolder(path.join(scratch, 'nowhere', 'at', 'all'));
});

test('errors name the file and the next step', () => {
  assert.throws(() => readJson(path.join(scratch, 'absent.json')), { code: 'not-found', hint: 'Check the path.' });
  const cut = path.join(scratch, 'cut.json');
  fs.writeFileSync(cut, '{"a": [1, 2');
  assert.throws(() => readJson(cut), { code: 'bad-data', message: /cut\.json: expected JSON/ });
  assert.throws(() => writeFileAtomic(path.join(cut, 'below', 'a'), ''), { name: 'VlaError', message: /cut\.json/ });
});

test('a folder is tried before long work, and nothing of the trial is left', () => {
  const folder = path.join(scratch, 'new', 'run');
  requireWritableFolder(folder);
  assert.deepEqual(fs.readdirSync(folder), []);
  const file = path.join(scratch, 'plain');
  fs.writeFileSync(file, '');
  assert.throws(() => requireWritableFolder(path.join(file, 'below')), { name: 'VlaError', message: /plain/ });
});

test('a full disk is one clear error', { skip: fs.existsSync('/dev/full') ? false : 'needs /dev/full' }, () => {
  // A temporary name that leads to the device which is always full.
  const file = path.join(scratch, 'full.bin');
  fs.symlinkSync('/dev/full', `${file}.${process.pid}.tmp`);
  assert.throws(() => writeFileAtomic(file, 'x'.repeat(100_000)), { code: 'io', hint: /disk is full/ });
  assert.equal(fs.existsSync(file), false);
});
