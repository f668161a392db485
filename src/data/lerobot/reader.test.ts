/** @file Tests of reading LeRobot datasets: the contract for every layout, and what a reader must say about gaps. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { datasetContract } from '../../../tests/contracts/dataset.ts';
import { sharedData, skipReason } from '../../../tests/shared-data.ts';
import {
  FRONT,
  WRIST,
  actionAt,
  pictureAt,
  stateAt,
  taskOf,
  withFolder,
  writeSmallDataset,
} from '../../../tests/small-dataset.ts';
import { writeVersion2 } from '../../../tests/small-version-2.ts';
import { H264_DEFAULT } from '../video/encode.ts';
import { cacheImages } from '../image-cache.ts';
import { parseEpisodes } from './catalogue.ts';
import { openLeRobot } from './reader.ts';

const LENGTHS = [9, 1, 14, 6];
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-reader-'));
const at = (name: string): string => path.join(folder, name);
const KINDS = ['images', 'av1', 'h264', 'v2.1', 'v2.0'] as const;

before(async () => {
  await writeSmallDataset(at('images'), 'image', LENGTHS, { dataFileMegabytes: 0.01 });
  await writeSmallDataset(at('av1'), 'video', LENGTHS, { videoFileMegabytes: 0.002 });
  await writeSmallDataset(at('h264'), 'video', LENGTHS, { video: H264_DEFAULT });
  await writeVersion2(at('v2.1'), 'v2.1', LENGTHS);
  await writeVersion2(at('v2.0'), 'v2.0', LENGTHS);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

describe('dataset contract', () => {
  for (const kind of KINDS) {
    datasetContract(`LeRobot ${kind}`, { open: () => openLeRobot(at(kind), { episodes: 'all' }) });
  }
  datasetContract('LeRobot images in memory', {
    open: async () =>
      cacheImages(await openLeRobot(at('images'), { episodes: 'all' }), {
        imageSize: null,
        workers: 1,
        limitBytes: 1e7,
      }),
  });
  datasetContract('Unitree G1 (v2.1)', {
    skip: skipReason('unitree-g1-bottle'),
    open: () => openLeRobot(sharedData('unitree-g1-bottle')!, { episodes: [1, 2, 10] }),
  });
});

describe('LeRobot reader', () => {
  for (const kind of KINDS) {
    test(`${kind}: every frame is the one that was written`, async () => {
      const dataset = await openLeRobot(at(kind), { episodes: 'all' });
      const cameras = kind.startsWith('v2') ? [FRONT] : [FRONT, WRIST];
      assert.deepEqual(dataset.cameras, cameras);
      for (const [episode, length] of LENGTHS.entries()) {
        const state = await dataset.column('observation.state', episode);
        const action = await dataset.column('action', episode);
        for (let frame = 0; frame < length; frame++) {
          assert.deepEqual([...state.subarray(frame * 2, frame * 2 + 2)], stateAt(episode, frame));
          assert.deepEqual([...action.subarray(frame * 3, frame * 3 + 3)], actionAt(episode, frame));
          assert.equal(await dataset.instruction(episode, frame), taskOf(episode));
          for (const camera of cameras) {
            const { data } = await dataset.image(camera, episode, frame);
            const written = pictureAt(camera, episode, frame);
            if (kind === 'images') assert.deepEqual(data, written);
            // Neighbouring frames differ by 8 in red, episodes by 20 in blue.
            else assert.ok(distance(data, written, 0) < 4 && distance(data, written, 2) < 6, `${camera} ${frame}`);
          }
        }
      }
      await dataset.close();
    });
  }

  test('names of dimensions come out flat, pictures as [height, width, channels]', async () => {
    const dataset = await openLeRobot(at('v2.1'), { episodes: [3] });
    assert.deepEqual(dataset.features['observation.state']!.names, ['x', 'y']);
    assert.deepEqual(dataset.features['action']!.names, ['dx', 'dy', 'grip']);
    assert.deepEqual(dataset.features[FRONT]!.shape, [16, 32, 3]);
    await dataset.close();
  });

  test('missing episodes are named, chosen ones open, "present" takes what is there', () =>
    withFolder(async (root) => {
      await writeVersion2(root, 'v2.1', [3, 3, 3, 3, 3], [1, 3, 4]);
      fs.rmSync(path.join(root, 'videos', 'chunk-001', FRONT, 'episode_000002.mp4'));
      await assert.rejects(openLeRobot(root, { episodes: 'all' }), {
        code: 'not-found',
        message: /files of 4 of 5 episodes are missing: episodes 1-4 \(the first is data.chunk-000.episode_000001/,
        hint: /--episodes 0\)/,
      });
      await assert.rejects(openLeRobot(root, { episodes: [0, 2] }), /episodes 2 \(the first is videos/);
      await assert.rejects(openLeRobot(root, { episodes: [0, 7] }), { code: 'not-found', message: /\(0-4\), got 7/ });
      await assert.rejects(openLeRobot(root, { episodes: [] }), { code: 'bad-argument' });
      const present = await openLeRobot(root, { episodes: 'present' });
      assert.deepEqual(
        present.episodes.map(({ index }) => index),
        [0],
      );
    }));

  test('the episode list of the command line', () => {
    assert.deepEqual(parseEpisodes('0-2,7, 9 - 10'), [0, 1, 2, 7, 9, 10]);
    assert.equal(parseEpisodes('all'), 'all');
    assert.equal(parseEpisodes('present'), 'present');
    for (const bad of ['', '3-1', 'x', '1,,2', '-1', '0-99999999'])
      assert.throws(() => parseEpisodes(bad), { code: 'bad-argument' });
  });
});

/** The mean difference of one colour. */
function distance(a: Uint8Array, b: Uint8Array, channel: number): number {
  let sum = 0;
  for (let i = channel; i < a.length; i += 3) sum += a[i]! - b[i]!;
  return Math.abs(sum) / (a.length / 3);
}
