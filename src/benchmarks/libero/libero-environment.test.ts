/** @file LIBERO as a worker opens it: what it keeps on disk, and what comes of it. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'node:test';
import { packFiles } from '../../../tests/libero-tasks.ts';
import { sharedData, skipReason } from '../../../tests/shared-data.ts';
import type { LiberoFiles } from '../../simulation/libero/files.ts';
import { createLibero } from '../../simulation/libero/libero.ts';
import { suiteTasks } from '../../simulation/libero/suites.ts';
import { DerivedCache, liberoDerived } from './derived-cache.ts';
import { openEnvironment } from './libero-environment.ts';

const SUITE = 'libero_spatial';
const TASK = suiteTasks(SUITE)[0]!.name;
const skip = skipReason('libero');

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-libero-environment-'));
test.after(() => fs.rmSync(root, { recursive: true }));

function entries(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(path.join(folder, 'look')) : [];
}

test('pictures of a look from disk are those of a fresh one, also where the file was damaged', { skip }, async () => {
  const cache = new DerivedCache(path.join(root, 'cache'));
  const seen = async (): Promise<unknown> => {
    // Other objects are other files to what is kept in memory.
    const files: LiberoFiles = { ...packFiles };
    const environment = await createLibero({ files, suite: SUITE, tasks: [TASK], derived: cache });
    await environment.reset({ task: TASK, seed: 2 });
    const { images } = await environment.observe();
    await environment.close();
    return images;
  };
  const fresh = await seen();
  const [file] = entries(cache.folder).map((name) => path.join(cache.folder, 'look', name));
  const whole = fs.readFileSync(file!);
  assert.deepEqual(await seen(), fresh);
  fs.writeFileSync(file!, whole.subarray(0, whole.length / 2));
  assert.deepEqual(await seen(), fresh);
  assert.deepEqual(fs.readFileSync(file!), whole, 'written again');
});

test('a suite keeps its looks in the user’s cache', { skip }, async (t) => {
  const names = ['XDG_CACHE_HOME', 'VLAKIT_LIBERO'] as const;
  const before = names.map((name) => process.env[name]);
  t.after(() => {
    for (const [i, name] of names.entries()) {
      if (before[i] === undefined) delete process.env[name];
      else process.env[name] = before[i];
    }
  });
  process.env['XDG_CACHE_HOME'] = path.join(root, 'home');
  process.env['VLAKIT_LIBERO'] ??= sharedData('libero')!;
  const environment = await openEnvironment({ suite: SUITE, imageSize: 16, harnessSeed: 7 });
  await environment.reset({ task: TASK, seed: 0 });
  await environment.observe();
  await environment.close();
  assert.equal(entries(liberoDerived().folder).length, 1);
  assert.ok(liberoDerived().folder.startsWith(root));
});
