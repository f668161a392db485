/** @file Tests of video reading against PyAV's frames (tools/golden/video-frames.py), and of damaged and lying files. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { describe, test } from 'node:test';
import { repositoryRoot, sharedData, skipReason } from '../../../tests/shared-data.ts';
import { withFolder } from '../../../tests/small-dataset.ts';
import { readJson } from '../../base/files.ts';
import { openVideo, type VideoFile } from './decode.ts';
import { codecName, videoLibrary } from './library.ts';
import { openVideoPool } from './pool.ts';

interface GoldenVideo {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  readonly frames: readonly { readonly frame: number; readonly seconds: number; readonly crc32: number }[];
}

const golden = readJson<{ 'h264-clip': GoldenVideo; 'unitree-g1-bottle': Record<string, GoldenVideo> }>(
  path.join(repositoryRoot, 'tests', 'golden', 'video-frames.json'),
);
const clip = path.join(repositoryRoot, 'tests', 'golden', 'h264-clip.mp4');
const g1 = (episode: string): string =>
  path.join(
    sharedData('unitree-g1-bottle')!,
    `videos/chunk-000/observation.images.cam_high/episode_${episode.padStart(6, '0')}.mp4`,
  );

async function withVideo(file: string, use: (video: VideoFile) => void): Promise<void> {
  const video = openVideo(await videoLibrary('The test'), file);
  try {
    use(video);
  } finally {
    video.close();
  }
}

/** Every golden frame, in order, backwards, and with jumps; each time PyAV's very pixels. */
function checkFrames(video: VideoFile, expected: GoldenVideo): void {
  assert.deepEqual([video.width, video.height], [expected.width, expected.height]);
  const { frames } = expected;
  const jumps = frames.map((_, i) => frames[(i * 5) % frames.length]!);
  for (const { frame, seconds, crc32 } of [...frames, ...frames.toReversed(), ...jumps]) {
    const image = video.frameAt(seconds);
    assert.deepEqual([image.width, image.height], [expected.width, expected.height]);
    assert.equal(zlib.crc32(image.data), crc32, `frame ${frame}`);
  }
}

describe('video reading', () => {
  test('H.264 with B-frames gives the very pixels that PyAV gives', () =>
    withVideo(clip, (video) => {
      assert.equal(video.codec, 'h264');
      checkFrames(video, golden['h264-clip']);
    }));

  test('real AV1 video gives the very pixels that PyAV gives', { skip: skipReason('unitree-g1-bottle') }, async () => {
    for (const [episode, expected] of Object.entries(golden['unitree-g1-bottle'])) {
      await withVideo(g1(episode), (video) => {
        assert.equal(video.codec, 'av1');
        checkFrames(video, expected);
      });
    }
  });

  test('a time between frames, before the first or behind the last is refused, and the next call works', () =>
    withVideo(clip, (video) => {
      const first = golden['h264-clip'].frames[0]!;
      for (const seconds of [0.02, -1, 40 / 25, 1e6]) {
        assert.throws(() => video.frameAt(seconds), { code: 'bad-data', message: /expected a frame at/ });
        assert.equal(zlib.crc32(video.frameAt(first.seconds).data), first.crc32);
      }
      assert.equal(zlib.crc32(video.frameAt(0.00009).data), first.crc32, 'within the tolerance');
    }));

  test('frames by their number are those by their time, whatever the order of the packets', () =>
    withVideo(clip, (video) => {
      const { frames, count } = golden['h264-clip'];
      for (const { frame, seconds, crc32 } of [...frames, ...frames.toReversed()]) {
        assert.equal(zlib.crc32(video.frameAtIndex(frame).data), crc32, `frame ${frame}`);
        assert.equal(video.indexAt(seconds), frame);
      }
      assert.throws(() => video.indexAt(0.02), { code: 'bad-data', message: /expected a frame at 0\.0200 s/ });
      for (const wrong of [count, -1, 1.5]) {
        assert.throws(() => video.frameAtIndex(wrong), { code: 'bad-data', message: /expected a frame below 40/ });
      }
    }));

  test('scales while converting', () =>
    withVideo(clip, (video) => {
      const image = video.frameAt(0, { width: 20, height: 10 });
      assert.deepEqual([image.width, image.height, image.data.length], [20, 10, 600]);
    }));

  test('a truncated file is one clear error, wherever it was cut', () =>
    withFolder(async (folder) => {
      const whole = fs.readFileSync(clip);
      const library = await videoLibrary('The test');
      for (const share of [0, 0.1, 0.5, 0.9]) {
        const file = path.join(folder, `${share}.mp4`);
        fs.writeFileSync(file, whole.subarray(0, Math.floor(whole.length * share)));
        assert.throws(
          () => openVideo(library, file).frameAt(39 / 25),
          { code: 'bad-data', message: new RegExp(`${share}.mp4: expected`), hint: /cut off/ },
          `${share}`,
        );
      }
      // With the index in front, a cut file opens and shows its first frames; the missing ones are an error.
      const front = await indexInFront(folder, clip);
      const cut = path.join(folder, 'cut.mp4');
      fs.writeFileSync(cut, fs.readFileSync(front).subarray(0, fs.statSync(front).size * 0.6));
      const video = openVideo(library, cut);
      assert.equal(video.frameAt(0).width, 66);
      assert.throws(() => video.frameAt(39 / 25), { code: 'bad-data' });
      video.close();
      assert.throws(() => openVideo(library, path.join(folder, 'none.mp4')), { code: 'not-found' });
      const text = path.join(folder, 'text.mp4');
      fs.writeFileSync(text, 'this is no video');
      assert.throws(() => openVideo(library, text), { code: 'bad-data' });
    }));

  test('the pool closes the file used longest ago and refuses files that are not what was said', async () => {
    const pool = await openVideoPool(1);
    const good = { codec: 'libx264', width: 66, height: 50 };
    const { crc32, seconds } = golden['h264-clip'].frames[4]!;
    assert.equal(zlib.crc32(pool.frame(clip, seconds, good).data), crc32);
    await withFolder(async (folder) => {
      const copy = path.join(folder, 'copy.mp4');
      fs.copyFileSync(clip, copy);
      assert.throws(() => pool.frame(copy, 0, { ...good, codec: 'av1' }), {
        code: 'bad-data',
        message: /info.json says the codec is av1, but the stream is h264/,
      });
      assert.throws(() => pool.frame(copy, 0, { ...good, width: 64 }), /64 × 50 pixels, but the video has 66 × 50/);
      assert.equal(zlib.crc32(pool.frame(copy, seconds, { ...good, codec: null }).data), crc32);
    });
    assert.equal(zlib.crc32(pool.frame(clip, seconds, good).data), crc32);
    pool.close();
  });

  test('encoders and decoders of one codec have one name', () => {
    assert.deepEqual(['libsvtav1', 'av01', 'libdav1d', 'AV1'].map(codecName), ['av1', 'av1', 'av1', 'av1']);
    assert.deepEqual(['libx264', 'avc1', 'h264_nvenc'].map(codecName), ['h264', 'h264', 'h264']);
    assert.deepEqual(['libx265', 'hvc1', 'mpeg4'].map(codecName), ['hevc', 'hevc', 'mpeg4']);
  });
});

/** A copy of an mp4 file with its index in front of the frames. */
async function indexInFront(folder: string, file: string): Promise<string> {
  const { av, constants } = await videoLibrary('The test');
  const input = new av.FormatContext();
  await input.openInput(file);
  await input.findStreamInfo();
  const output = new av.FormatContext();
  const copy = path.join(folder, 'front.mp4');
  output.allocOutputContext2(null, 'mp4', copy);
  const stream = input.streams![input.findBestStream(constants.AVMEDIA_TYPE_VIDEO)]!;
  stream.codecpar.copy(output.newStream().codecpar);
  await output.openOutput();
  await output.writeHeader(av.Dictionary.fromObject({ movflags: 'faststart' }));
  const packet = new av.Packet();
  packet.alloc();
  while ((await input.readFrame(packet)) >= 0) {
    packet.rescaleTs(stream.timeBase, output.streams![0]!.timeBase);
    await output.interleavedWriteFrame(packet);
  }
  await output.writeTrailer();
  await output.closeOutput();
  await input.closeInput();
  return copy;
}
