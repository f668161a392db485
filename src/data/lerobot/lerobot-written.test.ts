/** @file A dataset that LeRobot itself wrote (tools/golden/lerobot-dataset.py) reads exactly, and our statistics are its. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { datasetContract } from '../../../tests/contracts/dataset.ts';
import { repositoryRoot } from '../../../tests/shared-data.ts';
import { readJson } from '../../base/files.ts';
import type { FeatureStatistics } from '../../interfaces/episode.ts';
import { AV1_DEFAULT } from '../video/encode.ts';
import { aggregate } from './episode-statistics.ts';
import { prepareEpisode, type EpisodeFrames } from './prepare.ts';
import { openLeRobot } from './reader.ts';

const root = path.join(repositoryRoot, 'tests', 'golden', 'lerobot-v3');
const LENGTHS = [5, 3];
const STILL = 'observation.images.still';
const FILM = 'observation.images.film';
const [WIDTH, HEIGHT] = [48, 32];

/** The formulas of the script. */
const pictureAt = (episode: number, frame: number): Uint8Array =>
  Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH)];
    return [40 + frame * 30, 40 + x * 2, 60 + episode * 90 + y][i % 3]!;
  });
const valuesAt = (episode: number, frame: number): Record<string, number[]> => ({
  'observation.state': [episode, frame / 4],
  action: [0 - frame, episode + 0.5],
  grid: [frame, 1, 2, episode],
  done: [frame === LENGTHS[episode]! - 1 ? 1 : 0],
  count: [frame * 7],
});

datasetContract('written by LeRobot', { open: () => openLeRobot(root, { episodes: 'all' }) });

describe('a dataset written by LeRobot', () => {
  test('every value, picture and instruction', async () => {
    const dataset = await openLeRobot(root, { episodes: 'all' });
    assert.deepEqual([dataset.fps, dataset.robotType, dataset.cameras.length], [10, 'golden', 2]);
    assert.deepEqual(dataset.features['action']!.names, ['a', 'b']);
    for (const [episode, length] of LENGTHS.entries()) {
      for (let frame = 0; frame < length; frame++) {
        for (const [name, expected] of Object.entries(valuesAt(episode, frame))) {
          const column = await dataset.column(name, episode);
          const got = column.subarray(frame * expected.length, (frame + 1) * expected.length);
          assert.deepEqual([...got], expected.map(Number), `${name} ${episode} ${frame}`);
        }
        const expected = pictureAt(episode, frame);
        assert.deepEqual((await dataset.image(STILL, episode, frame)).data, expected);
        const film = (await dataset.image(FILM, episode, frame)).data;
        const difference = film.reduce((sum, value, i) => sum + Math.abs(value - expected[i]!), 0) / film.length;
        // Neighbouring frames differ by 30 in red, that is by 10 in the mean.
        assert.ok(difference < 4, `frame ${frame} of episode ${episode} differs by ${difference}`);
        const task = episode === 0 ? 'fold the towel' : 'hang the towel';
        assert.equal(await dataset.instruction(episode, frame), task);
      }
    }
    await dataset.close();
  });

  test('its published statistics are what ours would be', async () => {
    const { features } = await openLeRobot(root, { episodes: 'all' });
    const still = features[STILL]!;
    const own = Object.fromEntries(
      Object.entries(features).filter(([name]) => name in valuesAt(0, 0) || name === STILL),
    );
    const spec = { features: { ...own, [STILL]: still }, fps: 10, video: AV1_DEFAULT, scratch: '' };
    const parts: Record<string, FeatureStatistics>[] = [];
    for (const [episode, length] of LENGTHS.entries()) {
      const rows = Array.from({ length }, (_, frame) => valuesAt(episode, frame));
      const rgb = rows.flatMap((_, frame) => [...pictureAt(episode, frame)]);
      const frames: EpisodeFrames = {
        length,
        task: 'fold',
        columns: Object.fromEntries(Object.keys(rows[0]!).map((name) => [name, rows.flatMap((row) => row[name]!)])),
        images: { [STILL]: { rgb: Uint8Array.from(rgb) } },
      };
      parts.push({ ...(await prepareEpisode(spec, frames)).statistics });
    }
    const published = readJson<Record<string, Record<string, unknown[]>>>(path.join(root, 'meta', 'stats.json'));
    for (const name of Object.keys(own)) {
      const ours = aggregate(parts.map((part) => part[name]!));
      // LeRobot sums in single precision.
      for (const key of ['min', 'max', 'mean', 'std'] as const) {
        const theirs = (published[name]![key]!.flat(Infinity) as (number | boolean)[]).map(Number);
        assert.equal(ours[key].length, theirs.length, `${name} ${key}`);
        for (const [i, value] of theirs.entries()) {
          assert.ok(
            Math.abs(ours[key][i]! - value) < 1e-4,
            `${name} ${key}: ${ours[key].join()} is not ${theirs.join()}`,
          );
        }
      }
      assert.deepEqual([ours.count], published[name]!['count']);
    }
  });
});
