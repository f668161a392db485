/** @file One loop recorded as an MCAP file and as a LeRobot dataset at once: the same episodes, frame by frame. */

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { decodeImage } from '../src/base/png.ts';
import { openLeRobot } from '../src/data/lerobot/reader.ts';
import { datasetSink } from '../src/data/loop-dataset.ts';
import { mcapSink } from '../src/recording/sinks.ts';
import { startRecorder } from '../src/recording/recorder.ts';
import { readSession } from '../src/recording/session-file.ts';
import { RECORDED_SESSION, playLoop } from './recorded-loop.ts';
import { withFolder } from './small-dataset.ts';

test('MCAP file and dataset of one loop hold the same frames', () =>
  withFolder(async (folder) => {
    const [file, root] = [path.join(folder, 'session.mcap'), path.join(folder, 'set')];
    const recorder = await startRecorder({
      session: RECORDED_SESSION,
      sinks: [
        mcapSink({ file, existing: 'refuse', images: 'png' }),
        datasetSink({ root, existing: 'refuse', cameras: 'image' }),
      ],
    });
    await playLoop(recorder, 3, 6);
    assert.deepEqual((await recorder.close()).problems, []);
    const { episodes } = readSession(file);
    const dataset = await openLeRobot(root, { episodes: 'all' });
    assert.equal(episodes.length, 3);
    assert.deepEqual(
      dataset.episodes.map(({ length }) => length),
      episodes.map(({ ticks }) => ticks.length),
    );
    for (const { index, ticks } of episodes) {
      const joined = (part: (tick: (typeof ticks)[number]) => Float32Array): number[] =>
        ticks.flatMap((tick) => [...part(tick)]);
      assert.deepEqual(
        [...(await dataset.column('action', index))],
        joined(({ action }) => action),
      );
      assert.deepEqual(
        [...(await dataset.column('observation.state', index))],
        joined(({ state }) => state!),
      );
      for (const [frame, { images, instruction }] of ticks.entries()) {
        assert.equal(await dataset.instruction(index, frame), instruction);
        for (const [camera, image] of Object.entries(images)) {
          assert.ok(image.kind === 'encoded');
          const { data } = await dataset.image(`observation.images.${camera}`, index, frame);
          assert.deepEqual((await decodeImage(image.data, camera)).data, data);
        }
      }
    }
    await dataset.close();
  }));
