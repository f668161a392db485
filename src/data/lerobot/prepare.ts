/**
 * @file Turns the frames of one episode into what the writer stores: checked columns, encoded pictures, statistics.
 * The heavy part of recording; runs in the worker that made the frames, whose result is then posted to the writer.
 */

import { VlaError } from '../../base/errors.ts';
import type { Annotation } from '../../interfaces/annotation.ts';
import type { Feature, FeatureStatistics } from '../../interfaces/episode.ts';
import { decodeImage, encodePng } from '../../base/png.ts';
import { exactStatistics } from '../statistics.ts';
import { encodeVideo, type VideoEncoding } from '../video/encode.ts';
import { annotationLines } from './annotations.ts';
import { imageStatistics, sampledFrames, type EpisodeStatistics } from './episode-statistics.ts';
import { featureSize, isCamera } from './info.ts';
import type { ColumnData } from './layout.ts';

/** One camera of an episode: raw RGB [length, height, width, 3], or one encoded picture (PNG, JPEG) per frame. */
export type EpisodeImages = { readonly rgb: Uint8Array } | { readonly encoded: readonly Uint8Array[] };

/** A whole episode. */
export interface EpisodeFrames {
  /** Frames. */
  readonly length: number;
  /** The instruction, or one per frame. */
  readonly task: string | readonly string[];
  /** Feature name → numbers, row-major [length, size]; texts for features of type "string". */
  readonly columns: Readonly<Record<string, ArrayLike<number> | readonly string[]>>;
  /** Camera feature → pictures. */
  readonly images: Readonly<Record<string, EpisodeImages>>;
  /** What is known about each frame in words, null for nothing; left out where that is not recorded. */
  readonly annotations?: readonly (Annotation | null)[];
}

/** What a worker needs to know of the dataset; plain data. */
export interface EpisodeSpec {
  readonly features: Readonly<Record<string, Feature>>;
  readonly fps: number;
  /** How video features are encoded. */
  readonly video: VideoEncoding;
  /** A folder on the dataset's disk for pieces of video. */
  readonly scratch: string;
}

/** Pictures of one camera, one after the other; frame i ends at byte ends[i]. */
export interface PackedImages {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** A checked and encoded episode; plain data that can be posted between threads. */
export interface PreparedEpisode {
  readonly length: number;
  /** The distinct instructions, and which one each frame has. */
  readonly tasks: readonly string[];
  readonly taskOfFrame: Int32Array;
  readonly columns: Readonly<Record<string, ColumnData>>;
  readonly images: Readonly<Record<string, PackedImages>>;
  /** Video feature → a file in `scratch` with this episode's frames. */
  readonly videos: Readonly<Record<string, string>>;
  readonly statistics: EpisodeStatistics;
  /** The text of its annotation file. */
  readonly annotations?: string;
}

/** The buffers of a prepared episode, for `postMessage`. */
export function transferables(episode: PreparedEpisode): ArrayBuffer[] {
  const arrays = [
    episode.taskOfFrame,
    ...Object.values(episode.columns).filter((column) => ArrayBuffer.isView(column)),
    ...Object.values(episode.images).flatMap((images) => [images.bytes, images.ends]),
  ];
  return [...new Set(arrays.map((array) => array.buffer as ArrayBuffer))];
}

/** Checks and encodes an episode; a missing column, a wrong count, a NaN is a VlaError that names feature and frame. */
export async function prepareEpisode(spec: EpisodeSpec, frames: EpisodeFrames): Promise<PreparedEpisode> {
  const { length } = frames;
  if (!Number.isInteger(length) || length < 1) {
    throw new VlaError('bad-argument', `record: expected an episode of at least one frame, got ${length}.`, {
      hint: 'Leave empty episodes out.',
    });
  }
  for (const name of [...Object.keys(frames.columns), ...Object.keys(frames.images)]) {
    if (!Object.hasOwn(spec.features, name)) {
      throw new VlaError('bad-argument', `record: expected features of the dataset, got "${name}".`, {
        hint: `Features: ${Object.keys(spec.features).join(', ')}.`,
      });
    }
  }
  const columns: Record<string, ColumnData> = {};
  const images: Record<string, PackedImages> = {};
  const videos: Record<string, string> = {};
  const statistics: Record<string, FeatureStatistics> = {};
  for (const [name, feature] of Object.entries(spec.features)) {
    const where = `record: "${name}"`;
    if (isCamera(feature)) {
      const source = frames.images[name];
      if (source === undefined) {
        throw new VlaError('bad-argument', `${where}: expected pictures, got none.`, {
          hint: 'Give one picture per frame for every camera among the features.',
        });
      }
      const camera = await prepareCamera(spec, name, source, length);
      statistics[name] = camera.statistics;
      if (camera.packed !== undefined) images[name] = camera.packed;
      if (camera.video !== undefined) videos[name] = camera.video;
      continue;
    }
    const source = frames.columns[name];
    const size = featureSize(feature);
    if (source === undefined || source.length !== length * size) {
      throw new VlaError(
        'bad-shape',
        `${where}: expected ${length} frames of ${size} values, got ${source?.length ?? 'no'} values.`,
        { hint: 'Give the values of all frames one after the other, as many per frame as the feature’s shape says.' },
      );
    }
    const column = typedColumn(source, feature, where);
    columns[name] = column;
    if (feature.dtype !== 'string') {
      // Of the stored numbers, not of those given: float32 rounds. Of an array, as LeRobot does, along its last axis.
      const stored = column instanceof BigInt64Array ? Float64Array.from(column, Number) : column;
      const summary = exactStatistics([stored as ArrayLike<number>], feature.shape.at(-1)!, where);
      statistics[name] = { ...summary, count: length };
    }
  }
  const annotations = annotationText(frames);
  return { length, ...indexTasks(frames.task, length), columns, images, videos, statistics, ...annotations };
}

function annotationText({ annotations, length }: EpisodeFrames): Pick<PreparedEpisode, 'annotations'> {
  if (annotations === undefined) return {};
  if (annotations.length !== length) {
    throw new VlaError('bad-shape', `record: expected ${length} annotations, got ${annotations.length}.`, {
      hint: 'Give one per frame, null where nothing is known.',
    });
  }
  return { annotations: annotationLines(annotations) };
}

function indexTasks(task: EpisodeFrames['task'], length: number): Pick<PreparedEpisode, 'tasks' | 'taskOfFrame'> {
  if (typeof task !== 'string' && task.length !== length) {
    throw new VlaError('bad-shape', `record: expected ${length} instructions, got ${task.length}.`, {
      hint: 'Give one instruction for the episode, or one per frame.',
    });
  }
  const tasks = typeof task === 'string' ? [task] : [...new Set(task)];
  if (tasks.some((text) => text.trim() === '')) {
    throw new VlaError('bad-argument', 'record: expected an instruction, got an empty text.', {
      hint: 'Say in a few words what the episode shows: a policy learns to follow them.',
    });
  }
  const taskOfFrame = Int32Array.from({ length }, (_, i) => (typeof task === 'string' ? 0 : tasks.indexOf(task[i]!)));
  return { tasks, taskOfFrame };
}

function typedColumn(source: ArrayLike<number> | readonly string[], feature: Feature, where: string): ColumnData {
  if (feature.dtype === 'string') return Array.from(source as readonly string[]);
  const numbers = source as ArrayLike<number>;
  const size = featureSize(feature);
  const whole = feature.dtype === 'int32' || feature.dtype === 'int64' || feature.dtype === 'bool';
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    if (Number.isFinite(value) && (!whole || Number.isInteger(value))) continue;
    throw new VlaError(
      Number.isFinite(value) ? 'bad-argument' : 'not-finite',
      `${where}, frame ${Math.floor(i / size)}, dimension ${i % size}: expected a ${whole ? 'whole' : 'finite'} number, got ${value}.`,
      { hint: 'Nothing of this episode was written.' },
    );
  }
  if (feature.dtype === 'int64') return BigInt64Array.from(Array.from(numbers, BigInt));
  if (feature.dtype === 'int32') return Int32Array.from(numbers);
  if (feature.dtype === 'bool') return Uint8Array.from(numbers);
  return feature.dtype === 'float64' ? Float64Array.from(numbers) : Float32Array.from(numbers);
}

interface PreparedCamera {
  readonly statistics: FeatureStatistics;
  readonly packed?: PackedImages;
  readonly video?: string;
}

async function prepareCamera(
  spec: EpisodeSpec,
  name: string,
  source: EpisodeImages,
  length: number,
): Promise<PreparedCamera> {
  const feature = spec.features[name]!;
  const [height, width] = feature.shape as [number, number, number];
  const frameBytes = width * height * 3;
  const where = `record: "${name}"`;
  const count = 'rgb' in source ? source.rgb.length / frameBytes : source.encoded.length;
  if (count !== length) {
    throw new VlaError(
      'bad-shape',
      `${where}: expected ${length} pictures of ${width} × ${height} × 3 bytes, got ${count}.`,
      { hint: 'Give one picture per frame, of the size that the feature’s shape says.' },
    );
  }
  const pixels = async (frame: number): Promise<Uint8Array> => {
    if ('rgb' in source) return source.rgb.subarray(frame * frameBytes, (frame + 1) * frameBytes);
    const image = await decodeImage(source.encoded[frame]!, `${where}, frame ${frame}`);
    if (image.width === width && image.height === height) return image.data;
    throw new VlaError(
      'bad-shape',
      `${where}, frame ${frame}: expected ${width} × ${height} pixels, got ${image.width} × ${image.height}.`,
      { hint: 'Resize the pictures, or correct the feature’s shape.' },
    );
  };
  const collector = imageStatistics(width, height);
  for (const frame of sampledFrames(length)) collector.add(await pixels(frame));
  const statistics = collector.result();
  if (feature.dtype === 'video') {
    return { statistics, video: await encodeVideo(spec, name, length, pixels) };
  }
  const encoded =
    'encoded' in source
      ? source.encoded
      : Array.from({ length }, (_, frame) =>
          encodePng({ width, height, data: source.rgb.subarray(frame * frameBytes, (frame + 1) * frameBytes) }),
        );
  return { statistics, packed: packImages(encoded) };
}

function packImages(encoded: readonly Uint8Array[]): PackedImages {
  const ends = new Uint32Array(encoded.length);
  let total = 0;
  for (const [i, image] of encoded.entries()) ends[i] = total += image.length;
  const bytes = new Uint8Array(total);
  for (const [i, image] of encoded.entries()) bytes.set(image, ends[i]! - image.length);
  return { bytes, ends };
}

/** The pictures of a camera, one by one. */
export function unpackImages(images: PackedImages): Uint8Array[] {
  return Array.from(images.ends, (end, i) => images.bytes.subarray(i === 0 ? 0 : images.ends[i - 1]!, end));
}
