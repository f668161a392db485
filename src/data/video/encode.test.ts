/** @file Pictures that an encoder cannot take are refused, and portrait ones and single frames are written. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { withFolder } from '../../../tests/small-dataset.ts';
import { AV1_DEFAULT, H264_DEFAULT, encodeVideo, type VideoEncoding } from './encode.ts';
import { quietEncoder } from './library.ts';

/** Encodes `count` grey frames. */
function encode(scratch: string, video: VideoEncoding, width: number, height: number, count: number): Promise<string> {
  quietEncoder();
  const features = { front: { dtype: 'video', shape: [height, width, 3], names: null } } as const;
  const frame = async (): Promise<Uint8Array> => new Uint8Array(width * height * 3).fill(90);
  return encodeVideo({ features, fps: 20, video, scratch }, 'front', count, frame);
}

test('sizes that an encoder cannot take are refused', () =>
  withFolder(async (folder) => {
    await assert.rejects(
      encode(folder, AV1_DEFAULT, 33, 32, 2),
      /expected even width and height for video, got 33 × 32/,
    );
    await assert.rejects(encode(folder, AV1_DEFAULT, 16, 32, 2), /expected a width of at least 32 pixels for AV1/);
    assert.deepEqual(fs.readdirSync(folder), []);
    for (const [video, width, height, count] of [
      [AV1_DEFAULT, 32, 64, 1],
      [H264_DEFAULT, 16, 32, 1],
    ] as const) {
      assert.ok(fs.statSync(await encode(folder, video, width, height, count)).size > 0);
    }
  }));
