/** @file Writes the meta/ folder of a LeRobot v3.0 dataset: info.json, stats.json, tasks and episodes. */

import fs from 'node:fs';
import path from 'node:path';
import { fileError } from '../../base/files.ts';
import type { Feature, FeatureStatistics } from '../../interfaces/episode.ts';
import { columnSchema, tableSchema, writeParquet, type ColumnValues } from '../parquet/write.ts';
import type { VideoEncoding } from '../video/encode.ts';
import { STATISTIC_NAMES, aggregate, type EpisodeStatistics } from './episode-statistics.ts';
import { STANDARD_FEATURES, isCamera } from './info.ts';

/** Where the frames of one camera of one episode ended up. */
export interface WrittenVideo {
  readonly file: number;
  /** Seconds. */
  readonly from: number;
  readonly to: number;
}

/** One episode as the metadata describe it. */
export interface WrittenEpisode {
  readonly length: number;
  readonly tasks: readonly string[];
  /** Number of the data file, over all chunks. */
  readonly dataFile: number;
  readonly videos: Readonly<Record<string, WrittenVideo>>;
  readonly statistics: EpisodeStatistics;
}

/** Everything that the metadata of a dataset are made of. */
export interface WrittenDataset {
  readonly fps: number;
  readonly robotType: string | null;
  /** The features given by the recorder, without LeRobot's standard ones. */
  readonly features: Readonly<Record<string, Feature>>;
  readonly video: VideoEncoding;
  readonly chunksSize: number;
  readonly dataFileMegabytes: number;
  readonly videoFileMegabytes: number;
  /** Further keys of info.json. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** Instructions; their positions are the task indices. */
  readonly tasks: readonly string[];
  readonly episodes: readonly WrittenEpisode[];
}

const TEMPLATE = 'chunk-{chunk_index:03d}/file-{file_index:03d}';

/** Writes all files of `folder` (the dataset's meta/). */
export function writeMetadata(folder: string, dataset: WrittenDataset): void {
  try {
    fs.mkdirSync(folder, { recursive: true });
    writeEpisodes(path.join(folder, 'episodes', 'chunk-000', 'file-000.parquet'), dataset);
    writeTasks(path.join(folder, 'tasks.parquet'), dataset.tasks);
    fs.writeFileSync(path.join(folder, 'stats.json'), JSON.stringify(statsJson(dataset), null, 4));
    fs.writeFileSync(path.join(folder, 'info.json'), JSON.stringify(infoJson(dataset), null, 4));
  } catch (cause) {
    throw fileError('write', folder, cause);
  }
}

function infoJson(dataset: WrittenDataset): object {
  const features: Record<string, object> = {};
  for (const [name, feature] of Object.entries({ ...dataset.features, ...STANDARD_FEATURES })) {
    const [height, width] = feature.shape;
    const { codec, gop, crf, preset } = dataset.video;
    features[name] = {
      dtype: feature.dtype,
      shape: feature.shape,
      names: isCamera(feature) ? ['height', 'width', 'channels'] : feature.names,
      ...(feature.dtype === 'video' && {
        info: {
          'video.height': height,
          'video.width': width,
          'video.codec': codec,
          'video.pix_fmt': 'yuv420p',
          'video.fps': dataset.fps,
          'video.channels': 3,
          has_audio: false,
          'video.g': gop,
          'video.crf': crf,
          'video.preset': codec === 'av1' ? Number(preset) : preset,
          is_depth_map: false,
        },
      }),
    };
  }
  const hasVideo = Object.values(dataset.features).some((feature) => feature.dtype === 'video');
  return {
    codebase_version: 'v3.0',
    robot_type: dataset.robotType,
    total_episodes: dataset.episodes.length,
    total_frames: dataset.episodes.reduce((sum, episode) => sum + episode.length, 0),
    total_tasks: dataset.tasks.length,
    chunks_size: dataset.chunksSize,
    data_files_size_in_mb: dataset.dataFileMegabytes,
    video_files_size_in_mb: dataset.videoFileMegabytes,
    fps: dataset.fps,
    splits: { train: `0:${dataset.episodes.length}` },
    data_path: `data/${TEMPLATE}.parquet`,
    video_path: hasVideo ? `videos/{video_key}/${TEMPLATE}.mp4` : null,
    features,
    ...dataset.extra,
  };
}

/** Camera statistics are nested per channel as [[x]], the shape (3, 1, 1) that LeRobot broadcasts. */
function nested(values: readonly number[], camera: boolean): unknown[] {
  return camera ? values.map((value) => [[value]]) : [...values];
}

function allFeatures(dataset: WrittenDataset): [string, Feature][] {
  return Object.entries({ ...dataset.features, ...STANDARD_FEATURES }).filter(([, f]) => f.dtype !== 'string');
}

function statsJson(dataset: WrittenDataset): object {
  const out: Record<string, Record<string, unknown>> = {};
  for (const [name, feature] of allFeatures(dataset)) {
    const total = aggregate(dataset.episodes.map((episode) => episode.statistics[name]!));
    out[name] = Object.fromEntries(
      STATISTIC_NAMES.map((key) => [key, key === 'count' ? [total.count] : nested(total[key], isCamera(feature))]),
    );
  }
  return out;
}

/** The task list as a pandas table whose index is the text; without the pandas entry readers lose the text. */
function writeTasks(file: string, tasks: readonly string[]): void {
  const column = (name: string, pandas: string, numpy: string): object => ({
    name,
    field_name: name,
    pandas_type: pandas,
    numpy_type: numpy,
    metadata: null,
  });
  const pandas = {
    index_columns: ['task'],
    column_indexes: [
      { name: null, field_name: null, pandas_type: 'unicode', numpy_type: 'object', metadata: { encoding: 'UTF-8' } },
    ],
    columns: [column('task_index', 'int64', 'int64'), column('task', 'unicode', 'object')],
    creator: { library: 'vlakit', version: '0' },
    pandas_version: '2.3.3',
  };
  writeParquet(
    file,
    {
      schema: tableSchema([columnSchema('task_index', 'INT64'), columnSchema('task', 'UTF8')]),
      keyValues: { pandas: JSON.stringify(pandas) },
    },
    [
      { name: 'task_index', values: tasks.map((_, i) => BigInt(i)) },
      { name: 'task', values: tasks },
    ],
  );
}

function writeEpisodes(file: string, dataset: WrittenDataset): void {
  const { episodes, chunksSize } = dataset;
  const columns: ColumnValues[] = [];
  const schema: ReturnType<typeof columnSchema>[] = [];
  const add = (name: string, type: Parameters<typeof columnSchema>[1], depth: number, values: unknown[]): void => {
    schema.push(columnSchema(name, type, depth));
    columns.push({ name, values });
  };
  const integers = (name: string, value: (episode: WrittenEpisode, index: number) => number): void =>
    add(
      name,
      'INT64',
      0,
      episodes.map((episode, i) => BigInt(value(episode, i))),
    );
  const starts: number[] = [];
  let total = 0;
  for (const episode of episodes) {
    starts.push(total);
    total += episode.length;
  }
  integers('episode_index', (_, i) => i);
  add(
    'tasks',
    'UTF8',
    1,
    episodes.map((episode) => [...episode.tasks]),
  );
  integers('length', (episode) => episode.length);
  integers('data/chunk_index', (episode) => Math.floor(episode.dataFile / chunksSize));
  integers('data/file_index', (episode) => episode.dataFile % chunksSize);
  integers('dataset_from_index', (_, i) => starts[i]!);
  integers('dataset_to_index', (episode, i) => starts[i]! + episode.length);
  for (const [camera, feature] of Object.entries(dataset.features)) {
    if (feature.dtype !== 'video') continue;
    integers(`videos/${camera}/chunk_index`, (episode) => Math.floor(episode.videos[camera]!.file / chunksSize));
    integers(`videos/${camera}/file_index`, (episode) => episode.videos[camera]!.file % chunksSize);
    for (const end of ['from', 'to'] as const) {
      add(
        `videos/${camera}/${end}_timestamp`,
        'DOUBLE',
        0,
        episodes.map((episode) => episode.videos[camera]![end]),
      );
    }
  }
  for (const [name, feature] of allFeatures(dataset)) {
    const of = (episode: WrittenEpisode): FeatureStatistics => episode.statistics[name]!;
    const whole = feature.dtype === 'int64' || feature.dtype === 'int32';
    for (const key of STATISTIC_NAMES) {
      const column = `stats/${name}/${key}`;
      if (key === 'count') {
        add(
          column,
          'INT64',
          1,
          episodes.map((episode) => [BigInt(of(episode).count)]),
        );
      } else if (whole && (key === 'min' || key === 'max')) {
        add(
          column,
          'INT64',
          1,
          episodes.map((episode) => of(episode)[key].map(BigInt)),
        );
      } else {
        const camera = isCamera(feature);
        add(
          column,
          'DOUBLE',
          camera ? 3 : 1,
          episodes.map((episode) => nested(of(episode)[key], camera)),
        );
      }
    }
  }
  integers('meta/episodes/chunk_index', () => 0);
  integers('meta/episodes/file_index', () => 0);
  writeParquet(file, { schema: tableSchema(schema), keyValues: {} }, columns);
}
