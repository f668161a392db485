/** @file LeRobot to Dexdata and back: states, actions, words and pictures are the same bits. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FPS, FRONT, smallEpisode, smallFeatures, withFolder, WRIST } from '../../../tests/small-dataset.ts';
import { openLeRobot, type LeRobotDataset } from '../lerobot/reader.ts';
import { createLeRobotWriter } from '../lerobot/writer.ts';
import type { EpisodeFrames } from '../lerobot/prepare.ts';
import { leftOut, lerobotToDexdata, type FromLeRobotOptions } from './from-lerobot.ts';
import { openDexdata } from './reader.ts';
import type { DexRecord } from './record.ts';
import { dexdataToLerobot, type ToLeRobotOptions, type ToLeRobotSummary } from './to-lerobot.ts';
import { writePicture, writeRecords } from './writer.ts';

const { signal } = new AbortController();
const NUMBERS = ['observation.state', 'action', 'supervision.goal_position', 'supervision.subtask'];

/** Numbers that decimal text easily loses. */
const HARD = [-0, 1e-42, 3.4028234663852886e38, 1 / 3, -16777217, 0.1];

async function writeSource(root: string, camera: 'image' | 'video'): Promise<void> {
  const writer = createLeRobotWriter({
    root,
    fps: FPS,
    robotType: 'small',
    features: smallFeatures(camera),
    existing: 'refuse',
  });
  for (const episode of [0, 1, 2]) {
    const frames = smallEpisode(episode, 4 + episode);
    const action = Array.from(frames.columns['action'] as number[], (value, i) => HARD[i % 17] ?? value);
    const task =
      episode === 1 ? Array.from({ length: 5 }, (_, i) => (i < 2 ? 'reach “it”\n' : 'lift it')) : frames.task;
    await writer.addEpisode({ ...frames, task, columns: { ...frames.columns, action } } satisfies EpisodeFrames);
  }
  await writer.finish();
}

function bits(values: Float32Array): number[] {
  return [...new Uint32Array(values.slice().buffer)];
}

async function requireSame(a: LeRobotDataset, b: LeRobotDataset): Promise<void> {
  assert.deepEqual([b.fps, b.robotType, b.cameras], [a.fps, a.robotType, a.cameras]);
  assert.deepEqual(
    b.episodes.map(({ length }) => length),
    a.episodes.map(({ length }) => length),
  );
  for (const name of NUMBERS) assert.deepEqual(b.features[name], a.features[name]);
  for (const { index, length } of a.episodes) {
    for (const name of NUMBERS) {
      assert.deepEqual(bits(await b.column(name, index)), bits(await a.column(name, index)), `${name}, ${index}`);
    }
    for (let frame = 0; frame < length; frame++) {
      assert.equal(await b.instruction(index, frame), await a.instruction(index, frame));
      for (const camera of [FRONT, WRIST]) {
        assert.deepEqual(
          await b.image(camera, index, frame),
          await a.image(camera, index, frame),
          `${camera} ${index} ${frame}`,
        );
      }
    }
  }
}

const there = (root: string, changes: Partial<FromLeRobotOptions> = {}): FromLeRobotOptions => ({
  out: path.join(root, 'dex'),
  videos: 'copy',
  signal,
  ...changes,
});
const back = (root: string, changes: Partial<ToLeRobotOptions> = {}): ToLeRobotOptions => ({
  out: path.join(root, 'back'),
  existing: 'refuse',
  fps: null,
  cameras: null,
  pictures: 'image',
  action: 'stored',
  signal,
  ...changes,
});

async function toLerobot(
  root: string,
  changes: Partial<ToLeRobotOptions> = {},
  from = 'dex',
): Promise<ToLeRobotSummary> {
  const dex = openDexdata(path.join(root, from));
  try {
    return await dexdataToLerobot(dex, back(root, changes));
  } finally {
    dex.close();
  }
}

for (const [camera, videos] of [
  ['image', 'copy'],
  ['video', 'copy'],
  ['video', 'png'],
] as const) {
  test(`there and back again, bit for bit: cameras as ${camera}, videos as ${videos}`, () =>
    withFolder(async (root) => {
      await writeSource(path.join(root, 'source'), camera);
      const source = await openLeRobot(path.join(root, 'source'), { episodes: 'all' });
      assert.equal(await lerobotToDexdata(source, there(root, { videos })), 15);
      assert.deepEqual(await toLerobot(root), { episodes: 3, frames: 15, conversationFiles: 0, answers: 0 });
      const copy = await openLeRobot(path.join(root, 'back'), { episodes: 'all' });
      await requireSame(source, copy);
      const dex = openDexdata(path.join(root, 'dex'));
      const { record } = dex.record(1, 3);
      assert.equal(record.images['1']!.type, camera === 'video' && videos === 'copy' ? 'video' : 'image');
      if (record.images['1']!.type === 'video') {
        // All episodes are in one video: frame 3 of episode 1 comes after the 4 of episode 0.
        assert.equal(record.images['1']!.frame, 7);
        assert.equal(fs.readdirSync(path.join(root, 'dex', 'videos', FRONT, 'chunk-000')).length, 1);
      }
      dex.close();
      // The other way round, too: what comes out of the copy is the very same text.
      if (videos === 'copy' && camera === 'image') {
        await lerobotToDexdata(copy, { ...there(root), out: path.join(root, 'again') });
        for (const name of [
          'episode_000000.jsonl',
          'episode_000001.jsonl',
          'dexdata.json',
          `images/${FRONT}/episode_000002/000003.png`,
        ]) {
          assert.deepEqual(
            fs.readFileSync(path.join(root, 'again', name)),
            fs.readFileSync(path.join(root, 'dex', name)),
            name,
          );
        }
      }
      await source.close();
      await copy.close();
    }));
}

test('interrupted conversions go on where they stopped', () =>
  withFolder(async (root) => {
    await writeSource(path.join(root, 'source'), 'image');
    const source = await openLeRobot(path.join(root, 'source'), { episodes: 'all' });
    const stopAfter = (): { signal: AbortSignal; step: () => void } => {
      const controller = new AbortController();
      return { signal: controller.signal, step: () => controller.abort() };
    };
    const first = stopAfter();
    await assert.rejects(lerobotToDexdata(source, there(root, { signal: first.signal, onEpisode: first.step })), {
      code: 'interrupted',
      message: /stopped after 1 of 3/,
    });
    assert.ok(!fs.existsSync(path.join(root, 'dex', 'episode_000001.jsonl')));
    await lerobotToDexdata(source, there(root));
    const second = stopAfter();
    await assert.rejects(toLerobot(root, { signal: second.signal, onFile: second.step }), { code: 'interrupted' });
    await toLerobot(root, { existing: 'resume' });
    const copy = await openLeRobot(path.join(root, 'back'), { episodes: 'all' });
    await requireSame(source, copy);
    await copy.close();
    assert.deepEqual(leftOut(source), []);
    const noted = { ...source.features, note: { dtype: 'string', shape: [1], names: null } as const };
    assert.deepEqual(leftOut({ ...source, features: noted }), ['note']);
    // Another dataset's conversion is not mixed in.
    const other = { ...source, fps: FPS + 1 };
    await assert.rejects(lerobotToDexdata(other, there(root)), { code: 'bad-argument', message: /the same dataset/ });
    await source.close();
  }));

/** A frame as DM0's own sets have it: no action, no dexdata.json. */
function foreignFrame(root: string, frame: number, changes: Partial<DexRecord> = {}): DexRecord {
  const data = new Uint8Array(4 * 4 * 3).fill(frame);
  return {
    images: { 1: writePicture(root, `pictures/${frame}.png`, { width: 4, height: 4, data }) },
    isRobot: true,
    state: [frame, 0.5],
    prompt: 'open the door',
    ...changes,
  };
}

test('a foreign set: rate, cameras and action are named, conversations and answers are left out and counted', () =>
  withFolder(async (root) => {
    const from = path.join(root, 'foreign');
    writeRecords(
      from,
      'a/one.jsonl',
      [0, 1, 2].map((frame) => foreignFrame(from, frame, { answer: 'pull' })),
    );
    writeRecords(from, 'talk.jsonl', [{ images: {}, isRobot: false, prompt: 'why?', answer: 'so' }]);
    const refused = async (changes: Partial<ToLeRobotOptions>, message: RegExp): Promise<void> => {
      await assert.rejects(toLerobot(root, changes, 'foreign'), { message });
    };
    await refused({}, /expected the frames per second/);
    await refused({ fps: 10 }, /one\.jsonl, line 1: expected "action"/);
    await refused({ fps: 10, action: 'next-state', cameras: ['front', 'wrist'] }, /expected 2 pictures, got 1/);
    const summary = await toLerobot(root, { fps: 10, action: 'next-state', cameras: ['front'] }, 'foreign');
    assert.deepEqual(summary, { episodes: 1, frames: 3, conversationFiles: 1, answers: 3 });
    const copy = await openLeRobot(path.join(root, 'back'), { episodes: 'all' });
    assert.deepEqual([...(await copy.column('action', 0))], [1, 0.5, 2, 0.5, 2, 0.5]);
    assert.equal((await copy.image(FRONT, 0, 2)).data[0], 2);
    assert.equal(await copy.instruction(0, 1), 'open the door');
    await copy.close();
  }));

test('frames that differ, miss something or are mixed with conversations are errors that name file and line', () =>
  withFolder(async (root) => {
    const cases: [DexRecord[], RegExp][] = [
      [
        [foreignFrame(root, 0), foreignFrame(root, 1, { state: [1] })],
        /line 2, "observation\.state": expected 2 numbers, got 1/,
      ],
      [[foreignFrame(root, 0), foreignFrame(root, 1, { images: {} })], /line 2: expected "images_1"/],
      [
        [foreignFrame(root, 0), { ...foreignFrame(root, 1), prompt: undefined } as unknown as DexRecord],
        /line 2: expected "prompt"/,
      ],
      [
        [foreignFrame(root, 0), foreignFrame(root, 1, { isRobot: false })],
        /expected robot frames alone, got 1 of 2 lines/,
      ],
      [
        [foreignFrame(root, 0), foreignFrame(root, 1, { images: { 1: { type: 'image', url: 'gone.png' } } })],
        /line 2: .*"gone\.png"/,
      ],
      [[foreignFrame(root, 0, { prompt: ' ' })], /expected an instruction/],
    ];
    for (const [i, [records, message]] of cases.entries()) {
      const from = `case-${i}`;
      fs.cpSync(path.join(root, 'pictures'), path.join(root, from, 'pictures'), { recursive: true });
      writeRecords(path.join(root, from), 'one.jsonl', records);
      const out = path.join(root, `out-${i}`);
      await assert.rejects(toLerobot(root, { fps: 10, action: 'next-state', out }, from), { message }, from);
      assert.ok(!fs.existsSync(path.join(out, 'meta')), 'nothing looks whole');
    }
  }));
