/** @file Tests of datasets recorded from a loop: frames and gaps, and that MCAP file and dataset hold the same episodes. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { RECORDED_ROBOT, RECORDED_SESSION, imageAt, playLoop, stateAt, tickAt } from '../../tests/recorded-loop.ts';
import { withFolder } from '../../tests/small-dataset.ts';
import type { Dataset } from '../interfaces/episode.ts';
import { openLeRobot } from './lerobot/reader.ts';
import { datasetSink, openSink } from './loop-dataset.ts';

const CAMERAS = ['front', 'left.wrist'] as const;

describe('a loop as a dataset', () => {
  test('a frame per tick, with the action that the robot was told', () =>
    withFolder(async (root) => {
      const sink = await openSink(
        { root: path.join(root, 'set'), existing: 'refuse', cameras: 'image' },
        RECORDED_SESSION,
      );
      await playLoop(sink, 2, 5);
      await sink.close();
      const dataset = await openLeRobot(path.join(root, 'set'), { episodes: 'all' });
      assert.equal(dataset.fps, RECORDED_ROBOT.controlHz);
      assert.deepEqual(
        dataset.episodes.map(({ length, tasks }) => [length, tasks]),
        [
          [5, ['do it, 0']],
          [5, ['do it, 1']],
        ],
      );
      for (const episode of [0, 1]) {
        for (let tick = 0; tick < 5; tick++) {
          assert.deepEqual((await rows(dataset, 'action', episode))[tick], [...tickAt(episode, tick).action]);
          assert.deepEqual((await rows(dataset, 'observation.state', episode))[tick], [...stateAt(episode, tick)]);
          for (const camera of CAMERAS) {
            const image = await dataset.image(`observation.images.${camera}`, episode, tick);
            assert.deepEqual([...image.data], [...imageAt(camera, episode, tick).data]);
          }
        }
      }
      await dataset.close();
    }));

  test('a gap ends an episode: ticks that saw nothing, lost ones, a new epoch', () =>
    withFolder(async (root) => {
      const options = { root: path.join(root, 'set'), existing: 'refuse', cameras: 'image', shortest: 2 } as const;
      const sink = await openSink(options, RECORDED_SESSION);
      const blind = { ...tickAt(0, 0), observation: null };
      await sink.tick(blind);
      for (const tick of [1, 2, 3]) await sink.tick(tickAt(0, tick));
      await sink.tick({ ...blind, tick: 4 });
      for (const tick of [5, 6]) await sink.tick(tickAt(0, tick));
      await sink.lost(1);
      // One frame alone is too short.
      await sink.tick(tickAt(0, 8));
      for (const tick of [0, 1, 2, 3]) await sink.tick(tickAt(1, tick));
      await sink.close();
      const dataset = await openLeRobot(path.join(root, 'set'), { episodes: 'all' });
      assert.deepEqual(
        dataset.episodes.map(({ length }) => length),
        [3, 2, 4],
      );
      assert.deepEqual((await rows(dataset, 'observation.state', 1))[0], [...stateAt(0, 5)]);
      await dataset.close();
    }));

  test('nothing seen is no dataset', () =>
    withFolder(async (root) => {
      const { options } = datasetSink({ root: path.join(root, 'set'), existing: 'refuse', cameras: 'image' });
      const sink = await openSink(options, RECORDED_SESSION);
      await sink.tick({ ...tickAt(0, 0), observation: null });
      await assert.rejects(sink.close(), { code: 'bad-data', message: /got none/ });
    }));
});

async function rows(dataset: Dataset, feature: string, episode: number): Promise<number[][]> {
  const values = await dataset.column(feature, episode);
  const size = dataset.features[feature]!.shape[0]!;
  return Array.from({ length: values.length / size }, (_, i) => [...values.subarray(i * size, (i + 1) * size)]);
}
