/** @file LeRobot's info.json, versions 2.0, 2.1 and 3.0: what a dataset says about itself, checked. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { readJson } from '../../base/files.ts';
import type { Feature } from '../../interfaces/episode.ts';

/** The versions of the format that are read; v3.0 is written. */
export type LeRobotVersion = 'v2.0' | 'v2.1' | 'v3.0';

/** What info.json says about a video stream; null where it says nothing. */
export interface VideoClaim {
  readonly codec: string | null;
  readonly width: number;
  readonly height: number;
}

/** A checked meta/info.json. */
export interface LeRobotInfo {
  readonly version: LeRobotVersion;
  readonly robotType: string | null;
  readonly fps: number;
  readonly totalEpisodes: number;
  readonly totalFrames: number;
  readonly chunksSize: number;
  readonly dataPath: string;
  readonly videoPath: string | null;
  readonly features: Readonly<Record<string, Feature>>;
  readonly videos: Readonly<Record<string, VideoClaim>>;
  /** The whole file, for keys that only some producers write. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** Columns that every LeRobot dataset carries; the writer adds them itself. */
export const STANDARD_FEATURES: Readonly<Record<string, Feature>> = {
  timestamp: { dtype: 'float32', shape: [1], names: null },
  frame_index: { dtype: 'int64', shape: [1], names: null },
  episode_index: { dtype: 'int64', shape: [1], names: null },
  index: { dtype: 'int64', shape: [1], names: null },
  task_index: { dtype: 'int64', shape: [1], names: null },
};

/** Where a recording that is not finished keeps its files, below the dataset's folder. */
export const RECORDING_FOLDER = '.recording';

const DTYPES: Readonly<Record<string, Feature['dtype']>> = {
  float16: 'float32',
  float32: 'float32',
  float64: 'float64',
  int8: 'int32',
  int16: 'int32',
  int32: 'int32',
  int64: 'int64',
  uint8: 'int32',
  uint16: 'int32',
  uint32: 'int64',
  bool: 'bool',
  image: 'image',
  video: 'video',
  string: 'string',
  language: 'string',
};

/** Numbers per frame. */
export function featureSize(feature: Feature): number {
  return feature.shape.reduce((product, size) => product * size, 1);
}

/** Whether a feature holds pictures. */
export function isCamera(feature: Feature): boolean {
  return feature.dtype === 'image' || feature.dtype === 'video';
}

/** Reads and checks `root`/meta/info.json. */
export function readInfo(root: string): LeRobotInfo {
  const file = path.join(root, 'meta', 'info.json');
  if (!fs.existsSync(file)) {
    if (fs.existsSync(path.join(root, RECORDING_FOLDER))) {
      throw new VlaError('bad-data', `${root}: expected a finished dataset, got a recording that was interrupted.`, {
        hint: 'Record into this folder again, with the same settings: it goes on where it stopped. Or delete the folder.',
      });
    }
    throw new VlaError('not-found', `${root}: expected a LeRobot dataset, but there is no meta/info.json.`, {
      hint: fs.existsSync(root) ? 'Name the folder that holds meta/, data/ and videos/.' : 'Check the path.',
    });
  }
  return parseInfo(readJson(file), file);
}

/** Checks the content of an info.json; `where` names it in errors. */
export function parseInfo(content: unknown, where: string): LeRobotInfo {
  const hint = 'The metadata does not follow the LeRobot format; correct info.json or fetch the dataset again.';
  const wrong = (field: string, expected: string, got: unknown): VlaError =>
    new VlaError(
      'bad-data',
      `${where}: expected ${field} to be ${expected}, got ${JSON.stringify(got) ?? 'nothing'}.`,
      {
        hint,
      },
    );
  if (content === null || typeof content !== 'object') throw wrong('the file', 'a JSON object', content);
  const raw = content as Record<string, unknown>;
  const version = raw['codebase_version'];
  if (version !== 'v2.0' && version !== 'v2.1' && version !== 'v3.0') {
    throw new VlaError(
      'unsupported',
      `${where}: expected codebase_version v2.0, v2.1 or v3.0, got ${JSON.stringify(version) ?? 'none'}.`,
      { hint: 'Convert the dataset with LeRobot’s own scripts first.' },
    );
  }
  const whole = (field: string, least: number): number => {
    const value = raw[field];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least) {
      throw wrong(field, `a whole number of at least ${least}`, value);
    }
    return value;
  };
  const text = (field: string): string => {
    const value = raw[field];
    if (typeof value !== 'string') throw wrong(field, 'a text', value);
    return value;
  };
  const fps = raw['fps'];
  if (typeof fps !== 'number' || !(fps > 0)) throw wrong('fps', 'a positive number', fps);
  const declared = raw['features'];
  if (declared === null || typeof declared !== 'object') throw wrong('features', 'an object', declared);
  const features: Record<string, Feature> = {};
  const videos: Record<string, VideoClaim> = {};
  for (const [name, value] of Object.entries(declared as Record<string, unknown>)) {
    const feature = parseFeature(value, (field, expected, got) => wrong(`features["${name}"].${field}`, expected, got));
    features[name] = feature;
    if (feature.dtype === 'video') {
      videos[name] = { codec: claimedCodec(value), width: feature.shape[1]!, height: feature.shape[0]! };
    }
  }
  const videoPath = typeof raw['video_path'] === 'string' ? raw['video_path'] : null;
  if (videoPath === null && Object.keys(videos).length > 0) throw wrong('video_path', 'a text', raw['video_path']);
  return {
    version,
    robotType: typeof raw['robot_type'] === 'string' ? raw['robot_type'] : null,
    fps,
    totalEpisodes: whole('total_episodes', 0),
    totalFrames: whole('total_frames', 0),
    chunksSize: whole('chunks_size', 1),
    dataPath: text('data_path'),
    videoPath,
    features,
    videos,
    raw,
  };
}

type Wrong = (field: string, expected: string, got: unknown) => VlaError;

function parseFeature(value: unknown, wrong: Wrong): Feature {
  if (value === null || typeof value !== 'object') throw wrong('dtype', 'given', value);
  const raw = value as Record<string, unknown>;
  const dtype = typeof raw['dtype'] === 'string' ? DTYPES[raw['dtype']] : undefined;
  if (dtype === undefined) throw wrong('dtype', `one of ${Object.keys(DTYPES).join(', ')}`, raw['dtype']);
  const shape = raw['shape'];
  if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && size > 0)) {
    throw wrong('shape', 'a list of positive whole numbers', shape);
  }
  const sizes = shape as number[];
  const names = flatNames(raw['names']);
  if (dtype === 'image' || dtype === 'video') {
    if (sizes.length !== 3) throw wrong('shape', '[height, width, channels]', shape);
    // Old datasets give channels first; the axis names say so, or else the only axis that can be one.
    const channelsFirst = names?.[0]?.startsWith('channel') || (sizes[0]! <= 4 && sizes[2]! > 4);
    const [height, width, channels] = channelsFirst ? [sizes[1]!, sizes[2]!, sizes[0]!] : sizes;
    return { dtype, shape: [height!, width!, channels!], names: ['height', 'width', 'channels'] };
  }
  const size = sizes.reduce((product, n) => product * n, 1);
  return { dtype, shape: sizes, names: names?.length === size ? names : null };
}

/** Names come as a list, a list in a list (Unitree), a dictionary of lists, or a dictionary from name to position. */
function flatNames(names: unknown): string[] | null {
  if (typeof names === 'string') return [names];
  if (Array.isArray(names)) {
    const flat = (names as unknown[]).flat(Infinity);
    return flat.every((name) => typeof name === 'string') ? flat : null;
  }
  if (names === null || typeof names !== 'object') return null;
  const entries = Object.entries(names);
  if (entries.every(([, value]) => typeof value === 'number')) {
    return entries.sort((a, b) => (a[1] as number) - (b[1] as number)).map(([name]) => name);
  }
  return flatNames(entries.map(([, value]) => value as unknown));
}

function claimedCodec(feature: unknown): string | null {
  for (const field of ['info', 'video_info']) {
    const info = (feature as Record<string, unknown>)[field];
    if (info === null || typeof info !== 'object') continue;
    const codec = (info as Record<string, unknown>)['video.codec'];
    if (typeof codec === 'string') return codec;
  }
  return null;
}

/** Fills a path template such as "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet". */
export function fillPath(template: string, values: Readonly<Record<string, number | string>>): string {
  return template.replace(/\{(\w+)(?::0?(\d+)d?)?\}/g, (whole, name: string, width: string | undefined) => {
    const value = values[name];
    if (value === undefined) {
      throw new VlaError('bad-data', `info.json: expected a path template without ${whole}, got "${template}".`, {
        hint: `Known fields: ${Object.keys(values).join(', ')}.`,
      });
    }
    return String(value).padStart(Number(width ?? 0), '0');
  });
}
