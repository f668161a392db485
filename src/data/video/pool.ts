/** @file A few open video files, the one used longest ago closed first. */

import { VlaError } from '../../base/errors.ts';
import type { Image } from '../../interfaces/observation.ts';
import { openVideo, type VideoFile } from './decode.ts';
import { codecName, videoLibrary } from './library.ts';

/** What metadata say about a video. */
export interface VideoExpectation {
  readonly codec: string | null;
  readonly width: number;
  readonly height: number;
}

/** A bounded number of open videos. */
export interface VideoPool {
  /** The frame of `file` at `seconds`; a file that is not what was expected is a VlaError. */
  frame(file: string, seconds: number, expected: VideoExpectation): Image;
  close(): void;
}

/** At most `limit` files stay open (each holds a decoder of some megabytes). */
export async function openVideoPool(limit = 16): Promise<VideoPool> {
  const library = await videoLibrary('Reading video');
  const open = new Map<string, VideoFile>();
  const get = (file: string, expected: VideoExpectation): VideoFile => {
    let video = open.get(file);
    if (video === undefined) {
      if (open.size >= limit) {
        const [oldest, used] = open.entries().next().value!;
        used.close();
        open.delete(oldest);
      }
      video = openVideo(library, file);
      check(video, expected);
    } else {
      open.delete(file);
    }
    open.set(file, video);
    return video;
  };
  return {
    frame: (file, seconds, expected) => get(file, expected).frameAt(seconds),
    close() {
      for (const video of open.values()) video.close();
      open.clear();
    },
  };
}

function check(video: VideoFile, expected: VideoExpectation): void {
  const claim = expected.codec === null ? null : codecName(expected.codec);
  const problem =
    claim !== null && claim !== video.codec
      ? `info.json says the codec is ${expected.codec}, but the stream is ${video.codec}`
      : expected.width !== video.width || expected.height !== video.height
        ? `info.json says ${expected.width} × ${expected.height} pixels, but the video has ${video.width} × ${video.height}`
        : null;
  if (problem === null) return;
  video.close();
  throw new VlaError('bad-data', `${video.file}: ${problem}.`, {
    hint: 'Correct the feature in meta/info.json, or fetch the dataset again.',
  });
}
