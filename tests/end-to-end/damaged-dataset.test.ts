/** @file Damaged video datasets through the real command line: one clear error, exit code 1, nothing that looks trained. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ErrorCode } from '../../src/base/errors.ts';
import { workerUrl } from '../../src/base/worker-url.ts';
import { dataLayout, tableFeatures } from '../../src/data/lerobot/layout.ts';
import { openParquet } from '../../src/data/parquet/read.ts';
import { writeParquet, type ColumnValues } from '../../src/data/parquet/write.ts';
import { assertFine, assertOneError, filesBelow, scratchFolder, vlakit, type Ended } from '../processes/vlakit.ts';
import { FRONT, smallFeatures, writeSmallDataset } from '../small-dataset.ts';

const folder = scratchFolder('damaged-dataset');

const MINE = `
import { smallRecipe } from '${workerUrl(import.meta.url, '../small-recipe').href}';
const recorded = smallRecipe('dataset');
export const recipe = {
  ...recorded,
  name: 'small',
  summary: 'the small video dataset',
  loop: { ...recorded.loop, steps: 4 },
  record: null,
  evaluation: null,
  openLoop: null,
};`;

before(async () => {
  await writeSmallDataset(path.join(folder, 'whole'), 'video', [8, 9]);
  fs.writeFileSync(path.join(folder, 'small.mjs'), MINE);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Trains on a dataset: with its pictures in memory, or decoding them (in threads) as samples ask for them. */
function trainOn(dataset: string, out: string, pictures: 'in-memory' | 'on-demand'): Promise<Ended> {
  const memory = `data.pictureMegabytes=${pictures === 'in-memory' ? 100 : 0}`;
  return vlakit(['train', 'small.mjs', '--dataset', dataset, '--out', out, '--set', memory], { cwd: folder });
}

let copies = 0;

/** Damages a copy of the dataset; training must refuse it in both ways and leave nothing that looks trained. */
async function refuses(
  damage: (dataset: string) => void | Promise<void>,
  code: ErrorCode,
  message: RegExp,
): Promise<void> {
  const dataset = path.join(folder, `copy-${copies++}`);
  fs.cpSync(path.join(folder, 'whole'), dataset, { recursive: true });
  await damage(dataset);
  for (const pictures of ['in-memory', 'on-demand'] as const) {
    const out = `${dataset}-${pictures}`;
    assertOneError(await trainOn(dataset, out, pictures), code, message);
    assert.deepEqual(
      filesBelow(out).filter((file) => !/^(recipe\.json|provenance\.json|metrics\.jsonl|events\/.*)$/.test(file)),
      [],
    );
  }
}

test('undamaged, it is trained on in both ways', async () => {
  for (const pictures of ['in-memory', 'on-demand'] as const) {
    assertFine(await trainOn('whole', `trained-${pictures}`, pictures));
  }
});

const VIDEO = path.join('videos', FRONT, 'chunk-000', 'file-000.mp4');
for (const share of [0, 0.5, 0.95]) {
  test(`a video that was cut to ${100 * share} %`, () =>
    refuses(
      (dataset) => {
        const file = path.join(dataset, VIDEO);
        fs.truncateSync(file, Math.floor(share * fs.statSync(file).size));
      },
      'bad-data',
      /front.chunk-000.file-000\.mp4: expected a whole video file/,
    ));
}

test('info.json lies about the codec', () =>
  refuses(
    (dataset) => {
      const file = path.join(dataset, 'meta', 'info.json');
      const text = fs.readFileSync(file, 'utf8');
      const changed = text.replaceAll(/("video\.codec": ")av1"/g, '$1h264"');
      assert.notEqual(changed, text);
      fs.writeFileSync(file, changed);
    },
    'bad-data',
    /info\.json says the codec is h264, but the stream is av1/,
  ));

describe('a number that is none', () => {
  /** Writes the dataset's table again with another number in the second episode's fourth frame. */
  async function replace(dataset: string, column: string, dimension: number, value: number): Promise<void> {
    const file = path.join(dataset, 'data', 'chunk-000', 'file-000.parquet');
    const table = await openParquet(file);
    const features = smallFeatures('video');
    const columns: ColumnValues[] = [];
    for (const name of Object.keys(tableFeatures(features))) {
      const values = (await table.read(name)) as number[][];
      if (name === column) values[8 + 3]![dimension] = value;
      columns.push({ name, values });
    }
    writeParquet(file, dataLayout(features), columns);
  }

  for (const [column, dimension, value] of [
    ['observation.state', 1, NaN],
    ['action', 2, NaN],
    ['action', 0, -Infinity],
  ] as const) {
    test(`${value} in ${column}`, () =>
      refuses(
        (dataset) => replace(dataset, column, dimension, value),
        'not-finite',
        new RegExp(
          `episode 1, "${column}", frame 3, dimension ${dimension}: expected a finite number, got ${String(value)}`,
        ),
      ));
  }
});
