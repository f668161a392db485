/** @file A recording that is killed again and again ends in the very dataset that an undisturbed one writes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withFolder } from '../../../tests/small-dataset.ts';
import { sha256File } from '../../base/files.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { openLeRobot } from './reader.ts';
import { recordingState } from './recording-folder.ts';

const EPISODES = 24;
const program = fileURLToPath(workerUrl(import.meta.url, '../../../tests/recording-process'));

/** Runs the recording; kills it with SIGKILL at the `lines`-th line it prints. Gives whether it ended by itself. */
function record(root: string, lines: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, root, String(EPISODES)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let seen = 0;
    child.stdout.on('data', (data: Buffer) => {
      seen += data.toString().split('\n').length - 1;
      if (seen >= lines) child.kill('SIGKILL');
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve(code === 0);
      else reject(new Error(`the recording ended with ${code ?? signal}`));
    });
  });
}

/** Every file of a folder with the hash of its bytes. */
function contents(root: string): Record<string, string> {
  const files = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
      .map((file): [string, string] => [path.relative(root, file), sha256File(file)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

test('a recording killed at several moments and resumed equals an undisturbed one, byte for byte', () =>
  withFolder(async (folder) => {
    const calm = path.join(folder, 'calm');
    assert.equal(await record(calm, Infinity), true);
    assert.ok(Object.keys(contents(calm)).filter((file) => file.startsWith('data')).length > 1, 'several data files');
    const rough = path.join(folder, 'rough');
    // The last one hits `finish` itself, somewhere.
    for (const lines of [1, 6, 9, 4, 5]) {
      if (await record(rough, lines)) break;
      if (recordingState(rough) === 'unfinished') {
        await assert.rejects(openLeRobot(rough, { episodes: 'all' }), /interrupted/);
      }
    }
    if (recordingState(rough) !== 'finished') assert.equal(await record(rough, Infinity), true);
    assert.deepEqual(contents(rough), contents(calm));
  }));
