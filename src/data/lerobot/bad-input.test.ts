/** @file Tests of bad input: damaged, lying and incomplete datasets, full disks and read-only folders. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { FRONT, smallEpisode, smallFeatures, withFolder, writeSmallDataset } from '../../../tests/small-dataset.ts';
import { writeVersion2 } from '../../../tests/small-version-2.ts';
import { VlaError } from '../../base/errors.ts';
import type { Dataset } from '../../interfaces/episode.ts';
import { openParquet } from '../parquet/read.ts';
import { columnSchema, imageSchema, tableSchema, writeParquet } from '../parquet/write.ts';
import { openLeRobot } from './reader.ts';
import { recordingState } from './recording-folder.ts';
import { createLeRobotWriter, type LeRobotWriter } from './writer.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-bad-'));
const LENGTHS = [6, 4];

before(async () => {
  await writeSmallDataset(path.join(folder, 'images'), 'image', LENGTHS);
  await writeSmallDataset(path.join(folder, 'video'), 'video', LENGTHS);
  await writeVersion2(path.join(folder, 'v2'), 'v2.1', LENGTHS);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

type Kind = 'images' | 'video' | 'v2';

/** Runs `use` on a copy of a good dataset. */
async function onCopy(kind: Kind, use: (root: string) => Promise<void>): Promise<void> {
  await withFolder(async (temporary) => {
    const root = path.join(temporary, 'copy');
    fs.cpSync(path.join(folder, kind), root, { recursive: true });
    await use(root);
  });
}

function cut(file: string, share: number): void {
  fs.truncateSync(file, Math.floor(fs.statSync(file).size * share));
}

function editJson(file: string, edit: (json: Record<string, never>) => void): void {
  const json = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, never>;
  edit(json);
  fs.writeFileSync(file, JSON.stringify(json));
}

/** Reads everything; whichever call meets the damage must say so. */
async function readAll(root: string): Promise<void> {
  const dataset: Dataset = await openLeRobot(root, { episodes: 'all' });
  try {
    for (const { index, length } of dataset.episodes) {
      for (const [name, { dtype }] of Object.entries(dataset.features)) {
        if (dtype === 'image' || dtype === 'video') {
          for (let frame = 0; frame < length; frame++) await dataset.image(name, index, frame);
        } else await dataset.column(name, index);
      }
      for (let frame = 0; frame < length; frame++) await dataset.instruction(index, frame);
    }
  } finally {
    await dataset.close();
  }
}

async function refuses(root: string, code: VlaError['code'], message: RegExp): Promise<void> {
  await assert.rejects(readAll(root), (error: unknown) => {
    assert.ok(error instanceof VlaError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(error.hint !== undefined && error.hint.length > 0, 'an error says what to do');
    return true;
  });
}

const DATA = 'data/chunk-000/file-000.parquet';

describe('damaged files', () => {
  for (const file of [DATA, 'meta/tasks.parquet', 'meta/episodes/chunk-000/file-000.parquet']) {
    for (const share of [0, 0.3, 0.98]) {
      test(`${file} cut to ${share * 100} %`, () =>
        onCopy('images', async (root) => {
          cut(path.join(root, file), share);
          await refuses(root, 'bad-data', new RegExp(`${path.basename(file)}: expected a whole parquet file`));
        }));
    }
  }

  test('a parquet file with flipped bytes inside', () =>
    onCopy('images', async (root) => {
      const file = path.join(root, DATA);
      const bytes = fs.readFileSync(file);
      bytes.fill(0xff, 100, 4000);
      fs.writeFileSync(file, bytes);
      await refuses(root, 'bad-data', /./);
    }));

  test('meta files cut off or missing', async () => {
    for (const [file, code, message] of [
      ['meta/info.json', 'bad-data', /info.json: expected JSON/],
      ['meta/episodes.jsonl', 'bad-data', /episodes.jsonl:2: expected a JSON line/],
    ] as const) {
      await onCopy('v2', async (root) => {
        cut(path.join(root, file), 0.8);
        await refuses(root, code, message);
      });
      await onCopy('v2', async (root) => {
        fs.rmSync(path.join(root, file));
        await refuses(root, 'not-found', new RegExp(path.basename(file)));
      });
    }
    await onCopy('images', async (root) => {
      fs.rmSync(path.join(root, 'meta', 'tasks.parquet'));
      await refuses(root, 'not-found', /tasks.parquet/);
    });
    await refuses('/nowhere/at/all', 'not-found', /no meta\/info.json/);
  });

  test('a video cut off', async () => {
    for (const kind of ['video', 'v2'] as const) {
      await onCopy(kind, async (root) => {
        const video = fs.readdirSync(root, { recursive: true }).find((name) => String(name).endsWith('.mp4'));
        cut(path.join(root, String(video)), 0.6);
        await refuses(root, 'bad-data', /mp4: expected/);
      });
    }
  });

  test('a picture cut off inside the table', () =>
    withFolder(async (root) => {
      const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB', 'base64');
      await writeTable(root, { [FRONT]: [{ bytes: png, path: null }] });
      await refuses(root, 'bad-data', /frame 0: expected a whole PNG image/);
      await writeTable(root, { [FRONT]: [{ bytes: null, path: '../../../../etc/hostname' }] });
      await refuses(root, 'bad-data', /expected image bytes, got none/);
    }));
});

describe('metadata that lies', () => {
  const lies: [string, Kind, (info: Record<string, never>) => void, RegExp][] = [
    [
      'codec',
      'video',
      (info) => set(info, ['features', FRONT, 'info', 'video.codec'], 'h264'),
      /codec is h264, but the stream is av1/,
    ],
    [
      'video size',
      'video',
      (info) => set(info, ['features', FRONT, 'shape'], [32, 32, 3]),
      /32 × 32 pixels, but the video has 32 × 16/,
    ],
    [
      'image size',
      'images',
      (info) => set(info, ['features', FRONT, 'shape'], [8, 8, 3]),
      /8 × 8 pixels, but the picture has 32 × 16/,
    ],
    [
      'state size',
      'images',
      (info) => set(info, ['features', 'observation.state', 'shape'], [3]),
      /expected 3 numbers .* got 2/,
    ],
    [
      'a column that is not there',
      'v2',
      (info) => set(info, ['features', 'gripper'], { dtype: 'float32', shape: [1], names: null }),
      /expected a column "gripper"/,
    ],
    [
      'episodes',
      'images',
      (info) => set(info, ['total_episodes'], 3),
      /total_episodes says 3, but the episode list has 2/,
    ],
    ['frames', 'v2', (info) => set(info, ['total_frames'], 11), /total_frames says 11, but .* add up to 10/],
    ['frame rate', 'images', (info) => set(info, ['fps'], 0), /fps to be a positive number, got 0/],
    [
      'type',
      'images',
      (info) => set(info, ['features', 'action', 'dtype'], 'float31'),
      /dtype to be one of .* got "float31"/,
    ],
    [
      'shape',
      'images',
      (info) => set(info, ['features', 'action', 'shape'], [-3]),
      /shape to be a list of positive whole numbers/,
    ],
    ['path', 'v2', (info) => set(info, ['data_path'], 'data/{episode}.parquet'), /without \{episode\}/],
  ];
  for (const [what, kind, edit, message] of lies) {
    test(what, () =>
      onCopy(kind, async (root) => {
        editJson(path.join(root, 'meta', 'info.json'), edit);
        await refuses(root, 'bad-data', message);
      }),
    );
  }

  test('a version from the future', () =>
    onCopy('images', async (root) => {
      editJson(path.join(root, 'meta', 'info.json'), (info) => set(info, ['codebase_version'], 'v4.0'));
      await refuses(root, 'unsupported', /v2.0, v2.1 or v3.0, got "v4.0"/);
    }));

  test('a depth map, which is no colour camera', () =>
    onCopy('video', async (root) => {
      editJson(path.join(root, 'meta', 'info.json'), (info) => set(info, ['features', FRONT, 'shape'], [16, 32, 1]));
      const dataset = await openLeRobot(root, { episodes: 'all' });
      assert.equal(dataset.cameras.includes(FRONT), false);
      await dataset.close();
      await refuses(root, 'unsupported', /expected a colour camera, got 1 channel/);
    }));

  test('an episode longer than its rows', () =>
    onCopy('v2', async (root) => {
      const file = path.join(root, 'meta', 'episodes.jsonl');
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"length":6', '"length":7'));
      editJson(path.join(root, 'meta', 'info.json'), (info) => set(info, ['total_frames'], 11));
      await refuses(root, 'bad-data', /episode 0 has 7 frames, but the file has 6/);
    }));

  test('a task that is not in the list', () =>
    onCopy('v2', async (root) => {
      const file = path.join(root, 'meta', 'tasks.jsonl');
      fs.writeFileSync(file, fs.readFileSync(file, 'utf8').split('\n')[0]!);
      await refuses(root, 'bad-data', /got task_index 1/);
    }));
});

describe('numbers that are none', () => {
  for (const [name, value] of [
    ['observation.state', NaN],
    ['action', Infinity],
    ['action', null],
  ] as const) {
    test(`${String(value)} in ${name}`, () =>
      withFolder(async (root) => {
        const good = [0.5, 0.25];
        await writeTable(root, { 'observation.state': [good], action: [good], [name]: [[0.5, value]] });
        await refuses(root, 'not-finite', new RegExp(`episode 0, "${name}", frame 0, dimension 1: expected a finite`));
      }));
  }

  test('a parquet column is told by name', () =>
    withFolder(async (root) => {
      const file = path.join(root, 'x.parquet');
      writeParquet(file, { schema: tableSchema([columnSchema('a', 'INT64')]), keyValues: {} }, [
        { name: 'a', values: [1n] },
      ]);
      const table = await openParquet(file);
      await assert.rejects(table.read('b'), { code: 'bad-data', message: /expected a column "b", got a/ });
    }));
});

describe('a disk that does not take it', () => {
  const full = !fs.existsSync('/dev/full') && 'needs /dev/full';

  function record(root: string, camera: 'image' | 'video'): LeRobotWriter {
    return createLeRobotWriter({ root, fps: 20, robotType: null, features: smallFeatures(camera), existing: 'resume' });
  }

  /** Lets every write to `file` below the recording fail as a full disk does. */
  function fillUp(root: string, file: string): string {
    const full = path.join(root, '.recording', file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.symlinkSync('/dev/full', full);
    return full;
  }

  const isFull = (error: unknown): boolean => {
    assert.ok(error instanceof VlaError, String(error));
    assert.equal(error.code, 'io');
    assert.match(String(error.hint), /disk/i);
    return true;
  };

  test('full while an episode is stored: nothing looks whole, and the recording can go on', { skip: full }, () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      const writer = record(root, 'image');
      const file = fillUp(root, DATA);
      await assert.rejects(writer.addEpisode(smallEpisode(0, 4)), isFull);
      await assert.rejects(writer.addEpisode(smallEpisode(0, 4)), isFull);
      await assert.rejects(writer.finish(), isFull);
      writer.close();
      assert.equal(recordingState(root), 'unfinished');
      await assert.rejects(openLeRobot(root, { episodes: 'all' }), /interrupted/);
      fs.rmSync(file);
      const again = record(root, 'image');
      assert.equal(again.episodes, 0);
      await again.addEpisode(smallEpisode(0, 4));
      await again.finish();
      await readAll(root);
    }),
  );

  test('full while finishing: nothing looks whole, and finishing works later', { skip: full }, () =>
    withFolder(async (folder) => {
      for (const file of ['meta/info.json', `videos/${FRONT}/chunk-000/file-000.mp4`]) {
        const root = path.join(folder, file.replaceAll('/', '-'));
        const writer = record(root, 'video');
        await writer.addEpisode(smallEpisode(0, 4));
        await writer.addEpisode(smallEpisode(1, 3));
        const blocked = fillUp(root, file);
        await assert.rejects(writer.finish(), isFull, file);
        writer.close();
        await assert.rejects(openLeRobot(root, { episodes: 'all' }), /interrupted/);
        fs.rmSync(blocked, { force: true });
        const again = record(root, 'video');
        assert.equal(again.episodes, 2, file);
        await again.finish();
        await readAll(root);
      }
    }),
  );

  test('a folder that cannot be made or written', { skip: !fs.existsSync('/sys/kernel') && 'needs /sys' }, () =>
    withFolder(async (folder) => {
      fs.writeFileSync(path.join(folder, 'file'), '');
      for (const root of [path.join(folder, 'file', 'set'), '/sys/kernel/vlakit']) {
        assert.throws(
          () => record(root, 'image'),
          (error: unknown) => error instanceof VlaError && ['io', 'not-found'].includes(error.code),
        );
      }
    }),
  );
});

function set(json: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  let at = json;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
}

/** A v2.1 dataset of one frame with these cells, and no others. */
async function writeTable(root: string, cells: Record<string, readonly unknown[]>): Promise<void> {
  const features: Record<string, object> = {};
  const schema = [];
  for (const name of Object.keys(cells)) {
    const image = name === FRONT;
    features[name] = image
      ? { dtype: 'image', shape: [1, 1, 3], names: null }
      : { dtype: 'float32', shape: [2], names: null };
    schema.push(image ? imageSchema(name) : columnSchema(name, 'FLOAT', 1));
  }
  for (const name of ['episode_index', 'task_index']) {
    features[name] = { dtype: 'int64', shape: [1], names: null };
    schema.push(columnSchema(name, 'INT64'));
  }
  writeParquet(path.join(root, 'data', '0.parquet'), { schema: tableSchema(schema), keyValues: {} }, [
    ...Object.entries(cells).map(([name, values]) => ({ name, values })),
    { name: 'episode_index', values: [0n] },
    { name: 'task_index', values: [0n] },
  ]);
  fs.mkdirSync(path.join(root, 'meta'), { recursive: true });
  const write = (name: string, json: object): void =>
    fs.writeFileSync(path.join(root, 'meta', name), `${JSON.stringify(json)}\n`);
  write('tasks.jsonl', { task_index: 0, task: 'lift' });
  write('episodes.jsonl', { episode_index: 0, tasks: ['lift'], length: 1 });
  write('info.json', {
    codebase_version: 'v2.1',
    total_episodes: 1,
    total_frames: 1,
    chunks_size: 1000,
    fps: 20,
    data_path: 'data/{episode_index}.parquet',
    features,
  });
}
