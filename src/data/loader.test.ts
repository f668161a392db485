/** @file Tests of loading: order, prefetch, workers, the in-memory pictures, and how errors come back from workers. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  FRONT,
  actionAt,
  pictureAt,
  stateAt,
  taskOf,
  withFolder,
  writeSmallDataset,
} from '../../tests/small-dataset.ts';
import type { TrainingSample } from '../codec/sample.ts';
import { cacheImages, imageCacheBytes } from './image-cache.ts';
import { openLeRobot } from './lerobot/reader.ts';
import { createLoader, createWorkerLoader } from './loader.ts';
import { shuffledFrames } from './order.ts';
import { sampleSpec } from './samples.ts';
import { plainWindow } from './windows.ts';

const LENGTHS = [7, 5, 9];

function plain(samples: readonly TrainingSample[]): unknown {
  return samples.map((sample) => ({
    ...sample,
    state: [...sample.state],
    actions: [...sample.actions],
    actionIsPad: [...sample.actionIsPad],
    supervision: Object.entries(sample.supervision).map(([name, values]) => [name, ...values]),
    images: Object.entries(sample.images).map(([name, i]) => [
      name,
      i.width,
      i.height,
      Buffer.from(i.data).toString('hex'),
    ]),
  }));
}

describe('loader', () => {
  test('hands out the right samples, the same from this thread, from workers and from memory', () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      await writeSmallDataset(root, 'image', LENGTHS);
      const dataset = await openLeRobot(root, { episodes: 'all' });
      const options = { sample: sampleSpec(dataset, plainWindow(4)), batchSize: 3, seed: 11, prefetch: 2 };
      const order = shuffledFrames(LENGTHS, 11);
      const here = createLoader(dataset, options);
      const there = createWorkerLoader(dataset, { ...options, workers: 2 });
      let progress = 0;
      const memory = await cacheImages(dataset, {
        imageSize: null,
        workers: 2,
        limitBytes: 1e6,
        onProgress: (done) => (progress = done),
      });
      assert.equal(progress, 2 * 21);
      const cached = createLoader(memory, options);
      assert.equal(here.frames, 21);
      for (const step of [0, 1, 2, 3, 9, 4, 5]) {
        const samples = await here.batch(step);
        for (const [i, sample] of samples.entries()) {
          const { episode, frame } = order.at(step * 3 + i);
          const last = LENGTHS[episode]! - 1;
          assert.deepEqual([...sample.state], stateAt(episode, frame));
          assert.equal(sample.instruction, taskOf(episode));
          const rows = [0, 1, 2, 3].map((k) => Math.min(frame + k, last));
          assert.deepEqual(
            [...sample.actions],
            rows.flatMap((row) => actionAt(episode, row)),
          );
          assert.deepEqual(
            [...sample.actionIsPad],
            [0, 1, 2, 3].map((k) => Number(frame + k > last)),
          );
          assert.deepEqual(sample.images['front']!.data, pictureAt(FRONT, episode, frame));
          assert.deepEqual([...sample.supervision['supervision.goal_position']!], [episode, frame, 0]);
        }
        assert.deepEqual(plain(await there.batch(step)), plain(samples));
        assert.deepEqual(plain(await cached.batch(step)), plain(samples));
      }
      await there.close();
      await assert.rejects(there.batch(0), { code: 'bad-argument' });
      await memory.close();
    }));

  test('delays state and actions against images, the same in every thread, and masks what lies behind the end', () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      await writeSmallDataset(root, 'image', LENGTHS);
      const dataset = await openLeRobot(root, { episodes: 'all' });
      const sample = sampleSpec(dataset, plainWindow(4));
      const options = { sample, batchSize: 7, seed: 11, prefetch: 1, longestDelay: 3 };
      const order = shuffledFrames(LENGTHS, 11);
      const [here, again] = [createLoader(dataset, options), createLoader(dataset, options)];
      const there = createWorkerLoader(dataset, { ...options, workers: 2 });
      const counts = [0, 0, 0, 0];
      for (let step = 0; step < 24; step++) {
        const samples = await here.batch(step);
        for (const [i, one] of samples.entries()) {
          const { episode, frame } = order.at(step * 7 + i);
          const last = LENGTHS[episode]! - 1;
          assert.deepEqual(one.images['front']!.data, pictureAt(FRONT, episode, frame));
          assert.deepEqual([...one.supervision['supervision.goal_position']!], [episode, frame, 0]);
          // The state says how late it is, but at the end, where it stands still.
          const now = Math.round(64 * (one.state[0]! - episode));
          assert.deepEqual([...one.state], stateAt(episode, now));
          const pads = one.actionIsPad.reduce((sum, pad) => sum + pad, 0);
          const starts = [0, 1, 2, 3].filter((delay) => Math.min(frame + delay, last) === now);
          const fitting = starts.filter((delay) => Math.min(4, Math.max(0, frame + delay + 3 - last)) === pads);
          assert.ok(fitting.length > 0, `frame ${frame} of ${last + 1}: state ${now}, ${pads} of padding`);
          // Where every delay ends before the episode does, it can be told.
          if (frame + 3 <= last) counts[fitting[0]!]!++;
          const rows = [0, 1, 2, 3].map((k) => Math.min(frame + fitting[0]! + k, last));
          assert.deepEqual(
            [...one.actions],
            rows.flatMap((row) => actionAt(episode, row)),
          );
        }
        if (step < 4) assert.deepEqual(plain(await there.batch(step)), plain(samples));
      }
      assert.ok(
        counts.every((count) => Math.abs(count - 24) < 14),
        counts.join(),
      );
      // A loader that starts later sees what this one saw there.
      assert.deepEqual(plain(await again.batch(5)), plain(await here.batch(5)));
      await there.close();
      await dataset.close();
    }));

  test('resizes while loading, in workers and into memory alike', () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      await writeSmallDataset(root, 'image', [4]);
      const dataset = await openLeRobot(root, { episodes: 'all' });
      const imageSize = { width: 8, height: 8 };
      const options = { sample: sampleSpec(dataset, plainWindow(1), imageSize), batchSize: 4, seed: 0, prefetch: 0 };
      const memory = await cacheImages(dataset, { imageSize, workers: 1, limitBytes: 1e6 });
      assert.deepEqual(memory.features[FRONT]!.shape, [8, 8, 3]);
      const here = plain(await createLoader(dataset, options).batch(0));
      assert.deepEqual(plain(await createLoader(memory, options).batch(0)), here);
      const there = createWorkerLoader(dataset, { ...options, workers: 1 });
      assert.deepEqual(plain(await there.batch(0)), here);
      await there.close();
      await dataset.close();
    }));

  test('refuses pictures that do not fit into memory, and unknown features', () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      await writeSmallDataset(root, 'image', [4]);
      const dataset = await openLeRobot(root, { episodes: 'all' });
      assert.equal(imageCacheBytes(dataset, dataset.cameras, null), 2 * 4 * 32 * 16 * 3);
      await assert.rejects(cacheImages(dataset, { imageSize: null, limitBytes: 100 }), { code: 'bad-argument' });
      const stop = (): void => {
        throw new Error('stopped by the user');
      };
      await assert.rejects(cacheImages(dataset, { imageSize: null, limitBytes: 1e6, onProgress: stop }), /by the user/);
      const sample = { ...sampleSpec(dataset, plainWindow(1)), action: 'actoin' };
      assert.throws(() => createLoader(dataset, { sample, batchSize: 1, seed: 0, prefetch: 0 }), /actoin/);
      await dataset.close();
    }));

  test('an error in a worker keeps its code, text and hint', () =>
    withFolder(async (folder) => {
      const root = path.join(folder, 'set');
      await writeSmallDataset(root, 'image', [4]);
      const dataset = await openLeRobot(root, { episodes: 'all' });
      const file = path.join(root, 'data', 'chunk-000', 'file-000.parquet');
      fs.truncateSync(file, fs.statSync(file).size - 20);
      const sample = sampleSpec(dataset, plainWindow(1));
      const loader = createWorkerLoader(dataset, { sample, batchSize: 1, seed: 0, prefetch: 1, workers: 1 });
      await assert.rejects(loader.batch(0), {
        name: 'VlaError',
        code: 'bad-data',
        hint: /cut off/,
        message: /file-000/,
      });
      await loader.close();
      await assert.rejects(cacheImages(dataset, { imageSize: null, limitBytes: 1e6 }), { code: 'bad-data' });
      await dataset.close();
    }));
});
