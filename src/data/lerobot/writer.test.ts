/** @file Tests of the LeRobot v3.0 writer: what it writes reads back exactly, and what is unfinished does not look whole. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, test } from 'node:test';
import type { VlaError } from '../../base/errors.ts';
import { openLeRobot } from './reader.ts';
import { recordingState } from './recording-folder.ts';
import { createLeRobotWriter, type WriterOptions } from './writer.ts';
import type { EpisodeFrames } from './prepare.ts';

const folders: string[] = [];
function freshFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-writer-'));
  folders.push(folder);
  return path.join(folder, 'dataset');
}
afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
});

const SIZE = 8;
function options(root: string, changes: Partial<WriterOptions> = {}): WriterOptions {
  return {
    root,
    fps: 20,
    robotType: 'test-arm',
    existing: 'refuse',
    features: {
      'observation.images.front': { dtype: 'image', shape: [SIZE, SIZE, 3], names: null },
      'observation.state': { dtype: 'float32', shape: [2], names: ['x', 'y'] },
      action: { dtype: 'float32', shape: [3], names: null },
      'supervision.subtask': { dtype: 'int64', shape: [1], names: null },
      'supervision.grid': { dtype: 'float32', shape: [2, 2], names: null },
      note: { dtype: 'string', shape: [1], names: null },
      done: { dtype: 'bool', shape: [1], names: null },
    },
    ...changes,
  };
}

function frames(seed: number, length: number, task = `pick number ${seed % 2}`): EpisodeFrames {
  return {
    length,
    task,
    columns: {
      'observation.state': Array.from({ length: length * 2 }, (_, i) => seed + i / 8),
      action: Array.from({ length: length * 3 }, (_, i) => -seed - i / 8),
      'supervision.subtask': Array.from({ length }, (_, i) => i % 3),
      'supervision.grid': Array.from({ length: length * 4 }, (_, i) => seed * 100 + i),
      note: Array.from({ length }, (_, i) => `note ${seed}.${i}`),
      done: Array.from({ length }, (_, i) => (i === length - 1 ? 1 : 0)),
    },
    images: { 'observation.images.front': { rgb: pixels(seed, length) } },
  };
}

function pixels(seed: number, length: number): Uint8Array {
  return Uint8Array.from({ length: length * SIZE * SIZE * 3 }, (_, i) => (i * 7 + seed * 31) % 251);
}

async function expectEpisode(root: string, episode: number, seed: number, length: number): Promise<void> {
  const dataset = await openLeRobot(root, { episodes: 'all' });
  const given = frames(seed, length);
  assert.equal(dataset.episodes[episode]!.length, length);
  for (const name of ['observation.state', 'action', 'supervision.subtask', 'supervision.grid', 'done']) {
    assert.deepEqual(
      [...(await dataset.column(name, episode))],
      Array.from(given.columns[name]! as ArrayLike<number>),
      name,
    );
  }
  const bytes = SIZE * SIZE * 3;
  for (const frame of [0, length - 1]) {
    const image = await dataset.image('observation.images.front', episode, frame);
    assert.deepEqual(image.data, pixels(seed, length).subarray(frame * bytes, (frame + 1) * bytes));
    assert.equal(await dataset.instruction(episode, frame), given.task);
  }
  await dataset.close();
}

describe('LeRobot writer', () => {
  test('what it writes reads back exactly', async () => {
    const root = freshFolder();
    const writer = createLeRobotWriter(options(root, { extra: { vlakit: { subtasks: ['a', 'b', 'c'] } } }));
    assert.equal(await writer.addEpisode(frames(1, 5)), 0);
    assert.equal(await writer.addEpisode(frames(2, 3)), 1);
    assert.equal(recordingState(root), 'unfinished');
    await writer.finish();
    assert.equal(recordingState(root), 'finished');
    assert.deepEqual(fs.readdirSync(root).sort(), ['data', 'meta']);
    await expectEpisode(root, 0, 1, 5);
    await expectEpisode(root, 1, 2, 3);
    const dataset = await openLeRobot(root, { episodes: [1] });
    assert.equal(dataset.fps, 20);
    assert.equal(dataset.robotType, 'test-arm');
    assert.deepEqual(dataset.info.raw['vlakit'], { subtasks: ['a', 'b', 'c'] });
    assert.deepEqual(dataset.features['observation.state']!.names, ['x', 'y']);
    assert.deepEqual([...(await dataset.column('index', 1))], [5, 6, 7]);
    await assert.rejects(dataset.column('action', 0), { code: 'not-found' });
    await assert.rejects(dataset.column('note', 1), { code: 'bad-argument' });
  });

  test('starts a new data file before the size limit, and every file reads', async () => {
    const root = freshFolder();
    const writer = createLeRobotWriter(options(root, { dataFileMegabytes: 0.02 / 4 }));
    for (let i = 0; i < 6; i++) await writer.addEpisode(frames(i, 20));
    await writer.finish();
    assert.ok(fs.readdirSync(path.join(root, 'data', 'chunk-000')).length > 2);
    for (const i of [0, 3, 5]) await expectEpisode(root, i, i, 20);
  });

  test('goes on where an interrupted recording stopped, and drops bytes behind the last whole episode', async () => {
    const root = freshFolder();
    const first = createLeRobotWriter(options(root));
    await first.addEpisode(frames(1, 4));
    await first.addEpisode(frames(2, 4));
    first.close();
    const data = path.join(root, '.recording', 'data', 'chunk-000', 'file-000.parquet');
    fs.appendFileSync(data, 'half an episode');
    fs.appendFileSync(path.join(root, '.recording', 'journal.jsonl'), '{"episode":{"leng');
    await assert.rejects(openLeRobot(root, { episodes: 'all' }), /interrupted/);
    assert.throws(() => createLeRobotWriter(options(root)), /interrupted/);
    assert.throws(() => createLeRobotWriter(options(root, { existing: 'resume', fps: 30 })), { code: 'mismatch' });
    const second = createLeRobotWriter(options(root, { existing: 'resume' }));
    assert.equal(second.episodes, 2);
    assert.equal(second.frames, 8);
    assert.equal(await second.addEpisode(frames(3, 2)), 2);
    await second.finish();
    for (const [i, seed, length] of [
      [0, 1, 4],
      [1, 2, 4],
      [2, 3, 2],
    ] as const) {
      await expectEpisode(root, i, seed, length);
    }
  });

  test('lets only one writer into a folder, and none after the end', async () => {
    const root = freshFolder();
    const writer = createLeRobotWriter(options(root));
    for (const existing of ['resume', 'replace'] as const) {
      assert.throws(() => createLeRobotWriter(options(root, { existing })), /expected no other writer, got one/);
    }
    const last = writer.addEpisode(frames(1, 3));
    writer.close();
    await assert.rejects(last, /closed already/);
    await assert.rejects(writer.addEpisode(frames(1, 3)), /closed already/);
    const next = createLeRobotWriter(options(root, { existing: 'resume' }));
    assert.equal(next.episodes, 0);
    await next.addEpisode(frames(2, 3));
    await next.finish();
    await assert.rejects(next.addEpisode(frames(1, 3)), /finished already/);
    await expectEpisode(root, 0, 2, 3);
  });

  test('replaces datasets and recordings alone, and says when its folder is a file', () => {
    const root = freshFolder();
    const other = path.join(root, 'data', 'precious.txt');
    fs.mkdirSync(path.dirname(other), { recursive: true });
    fs.writeFileSync(other, 'x');
    assert.throws(() => createLeRobotWriter(options(root, { existing: 'replace' })), {
      message: /expected an empty folder, got one with data/,
    });
    assert.ok(fs.existsSync(other));
    assert.throws(() => createLeRobotWriter(options(other, { existing: 'replace' })), { code: 'io' });
    assert.throws(() => createLeRobotWriter(options(other)), { code: 'io' });
  });

  test('refuses what it cannot hold, and stores nothing of it', async () => {
    const root = freshFolder();
    const writer = createLeRobotWriter(options(root));
    const bad = frames(1, 3);
    (bad.columns['action'] as number[])[4] = NaN;
    await assert.rejects(writer.addEpisode(bad), (error: VlaError) => {
      assert.equal(error.code, 'not-finite');
      assert.match(error.message, /"action", frame 1, dimension 1/);
      return true;
    });
    await assert.rejects(writer.addEpisode({ ...frames(1, 3), length: 4 }), { code: 'bad-shape' });
    await assert.rejects(writer.addEpisode({ ...frames(1, 3), task: ' ' }), { code: 'bad-argument' });
    await assert.rejects(writer.finish(), /at least one recorded episode/);
    await writer.addEpisode(frames(1, 3));
    await writer.finish();
    await expectEpisode(root, 0, 1, 3);
    assert.throws(() => createLeRobotWriter(options(root)), /finished dataset/);
    const again = createLeRobotWriter(options(root, { existing: 'replace' }));
    await again.addEpisode(frames(5, 2));
    await again.finish();
    await expectEpisode(root, 0, 5, 2);
  });

  test('replaces datasets and recordings, and nothing else', () => {
    const root = freshFolder();
    const file = path.join(root, 'data', 'thesis.csv');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, 'years of work');
    const replace = options(root, { existing: 'replace' });
    assert.throws(() => createLeRobotWriter(replace), /expected an empty folder, got one with data/);
    assert.equal(fs.readFileSync(file, 'utf8'), 'years of work');
  });
});
