/** @file The journal of a recording holds what it says it holds, even where the disk ends in the middle of a line. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { withFolder } from '../../../tests/small-dataset.ts';
import { workerUrl } from '../../base/worker-url.ts';
import { readJournal } from './journal.ts';

const program = (root: string): string => `
  import { openJournal } from ${JSON.stringify(workerUrl(import.meta.url, './journal').href)};
  const header = { fps: 20, robotType: null, features: {}, settings: {} };
  const journal = openJournal(${JSON.stringify(root)}, header, null);
  let stored = 0;
  try {
    for (;;) {
      journal.addEpisode({ length: 1, tasks: ['x'.repeat(700)], dataFile: 0, pieces: {}, statistics: {} });
      stored++;
    }
  } catch (error) {
    process.stdout.write(JSON.stringify({ stored, code: error.code }));
  }`;

test('a line that fits only in part is an error, not a stored episode', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'dataset');
    // The limit of a file's size stands for a disk that fills up: what still fits is written, then nothing.
    const limited = ['-c', 'ulimit -f 4 && exec "$0" --input-type=module -e "$1"', process.execPath, program(root)];
    const { stdout, stderr } = spawnSync('bash', limited, { encoding: 'utf8' });
    const { stored, code } = JSON.parse(stdout || stderr) as { stored: number; code: string };
    assert.equal(code, 'io');
    assert.ok(stored > 1);
    assert.equal(readJournal(root)!.episodes.length, stored);
  }));
