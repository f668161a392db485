/** @file Tests of selection.json: it reads back as written, belongs to one dataset, and narrows statistics and episodes. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withFolder, writeSmallDataset } from '../../tests/small-dataset.ts';
import type { VlaError } from '../base/errors.ts';
import { openLeRobot } from './lerobot/reader.ts';
import {
  datasetHash,
  frameSelection,
  keptEpisodes,
  readSelection,
  selectedFrames,
  selectedStatistics,
  writeSelection,
  type Selection,
} from './selection-file.ts';

const selectionOf = (root: string): Selection => ({
  format: 'vlakit-selection',
  version: 1,
  dataset: { name: 'data', sha256: datasetHash(root), episodes: 3, frames: 18 },
  thresholds: { static: { seconds: 1 } },
  episodes: [
    {
      index: 0,
      length: 8,
      keep: [
        [1, 4],
        [5, 8],
      ],
      keyframes: [2, 4, 6],
    },
    { index: 1, length: 6, keep: [] },
    { index: 2, length: 4, keep: [[0, 4]] },
  ],
  dropped: [{ filter: 'static', episode: 1, frames: null, reason: 'idle', numbers: { idleShare: 1 } }],
});

test('a selection reads back as written, from the file and from the dataset’s folder', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'data');
    await writeSmallDataset(root, 'image', [8, 6, 4]);
    const selection = selectionOf(root);
    writeSelection(path.join(root, 'selection.json'), selection);
    assert.deepEqual(readSelection(root, root), selection);
    assert.deepEqual(readSelection(path.join(root, 'selection.json')), selection);
    assert.deepEqual(keptEpisodes(selection), [0, 2]);

    const dataset = await openLeRobot(root, { episodes: keptEpisodes(selection) });
    const chosen = frameSelection(selection, dataset);
    assert.equal(
      selectedFrames(
        chosen,
        dataset.episodes.map(({ length }) => length),
      ),
      6,
      'two keyframes lie inside, four frames are whole',
    );
    // Statistics are of all kept frames: keyframes only choose where samples start.
    const { count, max } = await selectedStatistics(dataset, 'action', chosen);
    assert.equal(count, 10);
    assert.equal(max[0], 7 / 64);
    await dataset.close();
  }));

test('a selection of another dataset, a damaged one and one of other lengths are refused', () =>
  withFolder(async (folder) => {
    const [root, other] = [path.join(folder, 'data'), path.join(folder, 'other')];
    await writeSmallDataset(root, 'image', [8, 6, 4]);
    await writeSmallDataset(other, 'image', [8, 6, 5]);
    const file = path.join(folder, 'selection.json');
    writeSelection(file, selectionOf(root));
    const code = (expected: VlaError['code']) => (error: VlaError) => error.code === expected;
    assert.throws(() => readSelection(file, other), code('mismatch'));
    const opened = await openLeRobot(other, { episodes: 'all' });
    assert.throws(() => frameSelection(readSelection(file), opened), code('mismatch'));
    await opened.close();
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"keep"', '"kept"'));
    assert.throws(() => readSelection(file), /episodes\.0\.keep/);
  }));

test('the hash follows episodes and tasks, not what else lies in meta/', () =>
  withFolder(async (folder) => {
    const root = path.join(folder, 'data');
    await writeSmallDataset(root, 'image', [8]);
    const before = datasetHash(root);
    fs.writeFileSync(path.join(root, 'meta', 'notes.json'), '{}');
    assert.equal(datasetHash(root), before);
    fs.appendFileSync(path.join(root, 'meta', 'info.json'), ' ');
    assert.notEqual(datasetHash(root), before);
  }));
