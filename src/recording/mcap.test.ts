/** @file Tests of MCAP recordings: what was told is read back bit for bit, by us and by the MCAP project's own reader. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import {
  RECORDED_ROBOT,
  RECORDED_SESSION,
  imageAt,
  inferenceAt,
  playLoop,
  stateAt,
  tickAt,
  wantedAt,
} from '../../tests/recorded-loop.ts';
import { pythonWith, runPython } from '../../tests/processes/python.ts';
import { withFolder } from '../../tests/small-dataset.ts';
import { decodeImage } from '../base/png.ts';
import type { ImageKind } from './image-encoder.ts';
import { mcapSink } from './sinks.ts';
import { startRecorder, type RecorderSummary } from './recorder.ts';
import { readSession, type SessionImage } from './session-file.ts';

const EPISODES = 2;
const LENGTH = 5;

async function record(file: string, images: ImageKind): Promise<RecorderSummary> {
  const sinks = [mcapSink({ file, existing: 'refuse', images })];
  const recorder = await startRecorder({ session: RECORDED_SESSION, sinks });
  await playLoop(recorder, EPISODES, LENGTH);
  recorder.measurement({ sensor: 'front', time: 0.5, value: imageAt('front', 9, 9) });
  recorder.measurement({ sensor: 'state', time: 0.51, value: stateAt(9, 9) });
  return recorder.close();
}

async function pixels(image: SessionImage): Promise<Uint8Array> {
  return image.kind === 'rgb' ? image.data : (await decodeImage(image.data, 'test')).data;
}

describe('a session in an MCAP file', () => {
  for (const images of ['png', 'raw'] as const) {
    test(`is read back bit for bit, with pictures as ${images}`, () =>
      withFolder(async (folder) => {
        const file = path.join(folder, 'session.mcap');
        const { told, lost, problems } = await record(file, images);
        assert.deepEqual({ told, lost, problems }, { told: EPISODES * (LENGTH + 3) + 2, lost: 0, problems: [] });
        const session = readSession(file);
        assert.equal(session.whole, true);
        assert.deepEqual(session.embodiment, RECORDED_ROBOT);
        assert.equal(session.about['checkpoint'], 'runs/x');
        assert.deepEqual(
          session.episodes.map(({ index, seed }) => [index, seed]),
          [
            [0, 100],
            [1, 101],
          ],
        );
        for (const { index, ticks, inferences } of session.episodes) {
          assert.equal(ticks.length, LENGTH);
          for (const [i, tick] of ticks.entries()) {
            const told = tickAt(index, i, index * LENGTH);
            assert.deepEqual(
              { ...tick, images: null },
              {
                tick: i,
                time: told.time,
                instruction: `do it, ${index}`,
                state: stateAt(index, i),
                images: null,
                wanted: wantedAt(index, i),
                action: told.action,
                source: 'chunk',
              },
            );
            for (const camera of ['front', 'left.wrist'] as const) {
              assert.deepEqual(await pixels(tick.images[camera]!), imageAt(camera, index, i).data);
            }
          }
          assert.deepEqual(
            inferences.map(({ tick, chunk, continuation }) => ({ tick, chunk, continuation })),
            [0, 2, 4].map((tick) => {
              const { chunk, continuation } = inferenceAt(index, tick);
              return { tick, chunk: chunk.data, continuation: continuation ?? null };
            }),
          );
        }
      }));
  }

  test('is not written over another one', () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'session.mcap');
      fs.writeFileSync(file, 'mine');
      await assert.rejects(record(file, 'png'), { code: 'io', message: /expected a new file/ });
      assert.equal(fs.readFileSync(file, 'utf8'), 'mine');
      assert.throws(() => readSession(file), { code: 'bad-data' });
    }));

  const skip = pythonWith('mcap', 'mcap_protobuf');
  test('is what the MCAP project’s own reader finds', { skip }, () =>
    withFolder(async (folder) => {
      const file = path.join(folder, 'session.mcap');
      await record(file, 'png');
      const found = JSON.parse(runPython(['tools/check-mcap.py', file])) as Found;
      assert.equal(found.count, found.messages.length);
      assert.deepEqual(JSON.parse(found.attachments['embodiment.json']!), RECORDED_ROBOT);
      assert.equal(found.metadata['vlakit']!['policy'], 'formula');
      const at = (topic: string): Found['messages'] => found.messages.filter((message) => message.topic === topic);
      assert.equal(at('/tick').length, EPISODES * LENGTH);
      const [first, , , , last] = at('/observation/state');
      assert.equal(first!.time, RECORDED_SESSION.zero * 1e9);
      assert.equal(BigInt(last!.time), BigInt(RECORDED_SESSION.zero) * 10n ** 9n + 200_000_000n);
      assert.deepEqual(first!.json, {
        scalars: RECORDED_ROBOT.state.names.map((label, i) => ({ label, value: stateAt(0, 0)[i]! + 0 })),
      });
      const pictures = at('/observation/images/left_wrist');
      assert.equal(pictures.length, EPISODES * LENGTH);
      assert.equal(pictures[0]!.schema, 'foxglove.CompressedImage');
      assert.deepEqual([pictures[0]!.protobuf!['kind'], pictures[0]!.protobuf!['camera']], ['png', 'left.wrist']);
      const [picture] = Object.values(readSession(file).episodes[0]!.ticks[0]!.images).slice(1);
      assert.equal(pictures[0]!.protobuf!['sha256'], createHash('sha256').update(picture!.data).digest('hex'));
      assert.deepEqual(at('/log')[0]!.protobuf, { level: 3, message: 'elbow.pos: slower', name: 'two-joint' });
      assert.equal(at('/log').length, EPISODES * (LENGTH - 3));
    }),
  );
});

interface Found {
  readonly count: number;
  readonly metadata: Record<string, Record<string, string>>;
  readonly attachments: Record<string, string>;
  readonly messages: readonly {
    readonly topic: string;
    readonly schema: string;
    readonly time: number;
    readonly json?: unknown;
    readonly protobuf?: Record<string, unknown>;
  }[];
}
