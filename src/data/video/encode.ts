/** @file Encodes the frames of an episode as a piece of video, and joins pieces into one mp4 file without encoding again. */

import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { Feature } from '../../interfaces/episode.ts';
import { videoLibrary, type VideoLibrary } from './library.ts';

/** How video is encoded. LeRobot's own choice is `AV1_DEFAULT`. */
export interface VideoEncoding {
  readonly codec: 'av1' | 'h264';
  /** Frames from one key frame to the next: 2 makes random access cheap. */
  readonly gop: number;
  /** Quality, lower is better: 0 to 63 for AV1, 0 to 51 for H.264. */
  readonly crf: number;
  /** The encoder's speed: a number for AV1 (12 is fast), a word for H.264 ("veryfast"). */
  readonly preset: string;
}

/** What LeRobot itself uses: a short distance between key frames, so that single frames are found quickly. */
export const AV1_DEFAULT: VideoEncoding = { codec: 'av1', gop: 2, crf: 30, preset: '12' };
export const H264_DEFAULT: VideoEncoding = { codec: 'h264', gop: 2, crf: 23, preset: 'veryfast' };

/** SVT-AV1 waits for ever for the first packet of narrower pictures (24 pixels hang, 30 do not; seen with node-av 6.1.1). */
const LEAST_AV1_WIDTH = 32;

const ENCODERS = { av1: 'FF_ENCODER_LIBSVTAV1', h264: 'FF_ENCODER_LIBX264' } as const;

/** What the encoder needs of a dataset's episode specification. */
interface EncodeSpec {
  readonly features: Readonly<Record<string, Feature>>;
  readonly fps: number;
  readonly video: VideoEncoding;
  readonly scratch: string;
}

/** Encodes `count` frames of a camera into a new file in `spec.scratch` and gives its path. */
export async function encodeVideo(
  spec: EncodeSpec,
  camera: string,
  count: number,
  frame: (index: number) => Promise<Uint8Array>,
): Promise<string> {
  const library = await videoLibrary('Writing video');
  const { av, constants } = library;
  const [height, width] = spec.features[camera]!.shape as [number, number];
  if (width % 2 !== 0 || height % 2 !== 0) {
    throw new VlaError(
      'bad-argument',
      `record: "${camera}": expected even width and height for video, got ${width} × ${height}.`,
      { hint: 'Record this camera as images, or choose an even size.' },
    );
  }
  if (spec.video.codec === 'av1' && width < LEAST_AV1_WIDTH) {
    throw new VlaError(
      'bad-argument',
      `record: "${camera}": expected a width of at least ${LEAST_AV1_WIDTH} pixels for AV1 video, got ${width}.`,
      { hint: 'Record this camera as images, or as H.264.' },
    );
  }
  const file = path.join(spec.scratch, `${randomUUID()}.mp4`);
  const name = constants[ENCODERS[spec.video.codec]];
  const codec = av.Codec.findEncoderByName(name);
  if (codec === null) {
    throw new VlaError('unsupported', `Writing video: expected the encoder ${name}, which this node-av lacks.`, {
      hint: 'Run `npm install node-av` to get a complete one, or record images.',
    });
  }
  const context = new av.CodecContext();
  context.allocContext3(codec);
  context.width = width;
  context.height = height;
  context.pixelFormat = constants.AV_PIX_FMT_YUV420P;
  context.timeBase = new av.Rational(1, spec.fps);
  context.framerate = new av.Rational(spec.fps, 1);
  context.gopSize = spec.video.gop;
  context.maxBFrames = 0;
  context.flags = (context.flags | constants.AV_CODEC_FLAG_GLOBAL_HEADER) as typeof context.flags;
  const settings = { crf: String(spec.video.crf), preset: spec.video.preset };
  must(library, await context.open2(codec, av.Dictionary.fromObject(settings)), file);
  const output = await openOutput(library, file, (stream) => {
    stream.timeBase = context.timeBase;
    stream.avgFrameRate = new av.Rational(spec.fps, 1);
    must(library, stream.codecpar.fromContext(context), file);
  });
  const source = new av.Frame();
  source.alloc();
  source.width = width;
  source.height = height;
  source.format = constants.AV_PIX_FMT_RGB24;
  source.getBuffer();
  const target = new av.Frame();
  target.alloc();
  target.width = width;
  target.height = height;
  target.format = constants.AV_PIX_FMT_YUV420P;
  target.getBuffer();
  const scale = new av.SoftwareScaleContext();
  scale.getContext(
    width,
    height,
    constants.AV_PIX_FMT_RGB24,
    width,
    height,
    constants.AV_PIX_FMT_YUV420P,
    constants.SWS_BILINEAR,
  );
  const packet = new av.Packet();
  packet.alloc();
  const drain = async (): Promise<void> => {
    while ((await context.receivePacket(packet)) >= 0) {
      packet.streamIndex = 0;
      // Without it the last frame has no duration, and the file seems one frame too short.
      packet.duration = 1n;
      packet.rescaleTs(context.timeBase, output.timeBase());
      await output.write(packet);
    }
  };
  try {
    for (let i = 0; i < count; i++) {
      const pixels = await frame(i);
      source.makeWritable();
      source.fromBuffer(Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength));
      target.makeWritable();
      scale.scaleFrameSync(target, source);
      target.pts = BigInt(i);
      target.duration = 1n;
      must(library, await context.sendFrame(target), file);
      await drain();
    }
    await context.sendFrame(null);
    await drain();
    await output.finish();
  } catch (error) {
    await output.abandon();
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    context.freeContext();
  }
  return file;
}

/**
 * Joins pieces (made by `encodeVideo` with the same settings) into `file`, frame after frame at `fps`. Gives the number
 * of frames of each piece.
 */
export async function joinVideos(pieces: readonly string[], file: string, fps: number): Promise<number[]> {
  const library = await videoLibrary('Writing video');
  const { av, constants } = library;
  const base = new av.Rational(1, fps);
  const counts: number[] = [];
  let output: Output | undefined;
  let done = 0;
  try {
    for (const piece of pieces) {
      const input = new av.FormatContext();
      must(library, await input.openInput(piece), piece);
      try {
        must(library, await input.findStreamInfo(), piece);
        const index = input.findBestStream(constants.AVMEDIA_TYPE_VIDEO);
        const stream = input.streams![index]!;
        output ??= await openOutput(library, file, (target) => {
          must(library, stream.codecpar.copy(target.codecpar), file);
          target.timeBase = base;
          target.avgFrameRate = new av.Rational(fps, 1);
        });
        const packet = new av.Packet();
        packet.alloc();
        let count = 0;
        while ((await input.readFrame(packet)) >= 0) {
          if (packet.streamIndex !== index) {
            packet.unref();
            continue;
          }
          packet.rescaleTs(stream.timeBase, base);
          packet.pts += BigInt(done);
          packet.dts += BigInt(done);
          packet.duration = 1n;
          packet.streamIndex = 0;
          packet.rescaleTs(base, output.timeBase());
          await output.write(packet);
          count++;
        }
        counts.push(count);
        done += count;
      } finally {
        await input.closeInput();
      }
    }
    await output?.finish();
  } catch (error) {
    await output?.abandon();
    fs.rmSync(file, { force: true });
    throw error;
  }
  return counts;
}

type Stream = InstanceType<VideoLibrary['av']['Stream']>;
type Packet = InstanceType<VideoLibrary['av']['Packet']>;
type Rational = InstanceType<VideoLibrary['av']['Rational']>;

interface Output {
  timeBase(): Rational;
  write(packet: Packet): Promise<void>;
  finish(): Promise<void>;
  abandon(): Promise<void>;
}

async function openOutput(library: VideoLibrary, file: string, describe: (stream: Stream) => void): Promise<Output> {
  const format = new library.av.FormatContext();
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    // FFmpeg's own errors do not say why a file cannot be written.
    fs.closeSync(fs.openSync(file, 'w'));
  } catch (cause) {
    throw fileError('write', file, cause);
  }
  must(library, format.allocOutputContext2(null, 'mp4', file), file);
  const stream = format.newStream();
  describe(stream);
  must(library, await format.openOutput(), file);
  // The index goes to the front of the file, so that players and readers find it at once.
  must(library, await format.writeHeader(library.av.Dictionary.fromObject({ movflags: 'faststart' })), file);
  return {
    timeBase: () => stream.timeBase,
    async write(packet) {
      const result = await format.interleavedWriteFrame(packet);
      packet.unref();
      must(library, result, file);
    },
    async finish() {
      must(library, await format.writeTrailer(), file);
      await format.closeOutput();
    },
    async abandon() {
      await format.closeOutput();
    },
  };
}

function must(library: VideoLibrary, code: number, file: string): void {
  if (code >= 0) return;
  const text = new library.av.FFmpegError(code).message;
  throw new VlaError('io', `${file}: the video could not be written: ${text}.`, {
    hint: 'Is there space on the disk?',
  });
}
