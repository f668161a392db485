/** @file One open video file: exact random access to frames by time. */

import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import fs from 'node:fs';
import type { Image } from '../../interfaces/observation.ts';
import { codecName, type VideoLibrary } from './library.ts';

/** How far a frame's time may lie from the one asked for, in seconds (LeRobot's `tolerance_s`). */
export const TIME_TOLERANCE = 1e-4;

/** A video open for reading frames by time. */
export interface VideoFile {
  readonly file: string;
  /** "av1", "h264", "hevc" or FFmpeg's own name. */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** Seconds. */
  readonly duration: number;
  /** The frame shown at `seconds`, RGB; `size`, when given, scales it (bilinear) while converting. */
  frameAt(seconds: number, size?: { readonly width: number; readonly height: number }): Image;
  /** The frame with this number, counted from 0 in the order in which frames are shown. */
  frameAtIndex(index: number): Image;
  /** The number of the frame that is shown at `seconds`, within the tolerance of `frameAt`. */
  indexAt(seconds: number): number;
  close(): void;
}

/** Frames this close ahead are reached by decoding on instead of seeking. */
const DECODE_AHEAD = 4;

/** Opens `file` for reading. Decoding is synchronous: heavy users call it from a worker thread. */
export function openVideo({ av, constants }: VideoLibrary, file: string): VideoFile {
  if (!fs.existsSync(file)) {
    throw new VlaError('not-found', `${file}: expected a video file, but it is not there.`, {
      hint: 'Fetch it, or choose other episodes with --episodes.',
    });
  }
  const damaged = (got: string): VlaError =>
    new VlaError('bad-data', `${file}: expected a whole video file, got ${got}.`, {
      hint: 'The file was cut off or damaged; fetch or record it again.',
    });
  const format = new av.FormatContext();
  const explain = (code: number): string => new av.FFmpegError(code).message;
  const opened = format.openInputSync(file);
  if (opened < 0) {
    try {
      fs.accessSync(file, fs.constants.R_OK);
    } catch (cause) {
      throw fileError('read', file, cause);
    }
    throw damaged(explain(opened));
  }
  const found = format.findStreamInfoSync();
  const index = found < 0 ? found : format.findBestStream(constants.AVMEDIA_TYPE_VIDEO);
  if (index < 0) {
    format.closeInputSync();
    throw damaged('no video stream');
  }
  const stream = format.streams![index]!;
  const { timeBase, codecpar } = stream;
  const decoder = av.Codec.findDecoder(codecpar.codecId);
  if (decoder === null) {
    format.closeInputSync();
    throw new VlaError('unsupported', `${file}: expected AV1, H.264 or HEVC video, got a codec without a decoder.`, {
      hint: 'Convert the video to H.264, or the dataset’s cameras to images.',
    });
  }
  const context = new av.CodecContext();
  context.allocContext3(decoder);
  context.parametersToContext(codecpar);
  context.threadCount = 1;
  const ready = context.open2Sync(decoder, null);
  if (ready < 0) {
    format.closeInputSync();
    throw damaged(explain(ready));
  }
  const packet = new av.Packet();
  packet.alloc();
  const frame = new av.Frame();
  frame.alloc();
  const scalers = new Map<string, Scaler>();
  const tick = timeBase.num / timeBase.den;
  const frameRate = stream.avgFrameRate;
  const ticksPerFrame = frameRate.num > 0 ? frameRate.den / frameRate.num / tick : Infinity;
  let drained = false;
  /** The time of `frame` in ticks, null when none is decoded. */
  let position: number | null = null;

  /** Decodes the next frame in presentation order and gives its time; null at the end of the file. */
  const next = (): number | null => {
    position = null;
    for (;;) {
      const received = context.receiveFrameSync(frame);
      if (received === 0) return (position = Number(frame.pts));
      if (received !== constants.AVERROR_EAGAIN || drained) return null;
      const read = format.readFrameSync(packet);
      if (read < 0) {
        drained = true;
        context.sendPacketSync(null);
        continue;
      }
      const sent = packet.streamIndex === index ? context.sendPacketSync(packet) : 0;
      packet.unref();
      if (sent < 0 && sent !== constants.AVERROR_EAGAIN) {
        throw damaged(`frames that do not decode (${explain(sent)})`);
      }
    }
  };

  let times: Float64Array | null = null;
  const allTimes = (): Float64Array => (times ??= frameTimes({ av, constants }, file));
  const timeOf = (number: number): number => {
    const time = Number.isInteger(number) ? allTimes()[number] : undefined;
    if (time !== undefined) return time * tick;
    throw new VlaError('bad-data', `${file}: expected a frame below ${allTimes().length}, got ${number}.`, {
      hint: 'The video is cut off, or does not belong to these episodes; fetch or record it again.',
    });
  };

  const video: VideoFile = {
    file,
    codec: codecName(decoder.name ?? ''),
    width: codecpar.width,
    height: codecpar.height,
    duration: Number(stream.duration) * tick,
    frameAt(seconds, size) {
      const slack = TIME_TOLERANCE / tick;
      const target = seconds / tick;
      const isAt = position !== null && Math.abs(position - target) <= slack;
      const ahead = position === null ? -1 : (target - position) / ticksPerFrame;
      if (!isAt) {
        if (!(ahead > 0 && ahead <= DECODE_AHEAD)) {
          const sought = format.seekFrameSync(
            index,
            BigInt(Math.floor(target + slack)),
            constants.AVSEEK_FLAG_BACKWARD,
          );
          if (sought < 0) throw damaged(`no frame near ${seconds.toFixed(4)} s (${explain(sought)})`);
          context.flushBuffers();
          drained = false;
        }
        let got = next();
        while (got !== null && got < target - slack) got = next();
        if (got === null || got > target + slack) {
          const nearest = got === null ? 'the end of the video' : `one at ${(got * tick).toFixed(4)} s`;
          throw new VlaError(
            'bad-data',
            `${file}: expected a frame at ${seconds.toFixed(4)} s (± ${TIME_TOLERANCE} s), got ${nearest}.`,
            { hint: 'The video is cut off, or does not belong to these episodes; fetch or record it again.' },
          );
        }
      }
      const width = size?.width ?? frame.width;
      const height = size?.height ?? frame.height;
      const key = `${frame.width} ${frame.height} ${frame.format} ${width} ${height}`;
      let scaler = scalers.get(key);
      if (scaler === undefined) scalers.set(key, (scaler = makeScaler(width, height)));
      return scaler();
    },
    frameAtIndex: (number) => video.frameAt(timeOf(number)),
    indexAt(seconds) {
      const [all, earliest] = [allTimes(), (seconds - TIME_TOLERANCE) / tick];
      let [low, high] = [0, all.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (all[middle]! < earliest) low = middle + 1;
        else high = middle;
      }
      if (low < all.length && all[low]! * tick <= seconds + TIME_TOLERANCE) return low;
      throw new VlaError('bad-data', `${file}: expected a frame at ${seconds.toFixed(4)} s, got none there.`, {
        hint: 'The video is cut off, or does not belong to these episodes; fetch or record it again.',
      });
    },
    close() {
      scalers.clear();
      context.freeContext();
      format.closeInputSync();
    },
  };
  return video;

  type Scaler = () => Image;

  /** Converts the current frame to RGB. Plain bilinear flags: with them swscale gives the very pixels PyAV gives. */
  function makeScaler(width: number, height: number): Scaler {
    const target = new av.Frame();
    target.alloc();
    target.width = width;
    target.height = height;
    target.format = constants.AV_PIX_FMT_RGB24;
    target.getBuffer();
    const scale = new av.SoftwareScaleContext();
    scale.getContext(
      frame.width,
      frame.height,
      frame.format as Parameters<typeof scale.getContext>[2],
      width,
      height,
      constants.AV_PIX_FMT_RGB24,
      constants.SWS_BILINEAR,
    );
    return () => {
      scale.scaleFrameSync(target, frame);
      const buffer = target.toBuffer();
      return { width, height, data: new Uint8Array(buffer.buffer, buffer.byteOffset, width * height * 3) };
    };
  }
}

/** The times of the frames that are shown, ascending, in ticks of the stream: read from the packets, nothing is decoded. */
function frameTimes({ av, constants }: VideoLibrary, file: string): Float64Array {
  const format = new av.FormatContext();
  const packet = new av.Packet();
  packet.alloc();
  const times: number[] = [];
  try {
    if (format.openInputSync(file) < 0) throw fileError('read', file, new Error('it cannot be opened again'));
    format.findStreamInfoSync();
    const index = format.findBestStream(constants.AVMEDIA_TYPE_VIDEO);
    while (format.readFrameSync(packet) >= 0) {
      const shown = (packet.flags & constants.AV_PKT_FLAG_DISCARD) === 0;
      if (packet.streamIndex === index && shown) times.push(Number(packet.pts));
      packet.unref();
    }
  } finally {
    packet.free();
    format.closeInputSync();
  }
  return Float64Array.from(times).sort();
}
