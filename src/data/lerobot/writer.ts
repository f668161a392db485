/**
 * @file Writes LeRobot v3.0 datasets, episode by episode. While recording, everything lies in `.recording/` below the
 * dataset's folder, with a journal; `finish` moves it to its place, meta/ last. So a crash leaves a recording that can
 * go on, and never a folder that looks like a whole dataset.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError, writeFileAtomic } from '../../base/files.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import type { Feature } from '../../interfaces/episode.ts';
import { createParquet, type GroupRecord, type ParquetSink } from '../parquet/write.ts';
import { exactStatistics } from '../statistics.ts';
import { AV1_DEFAULT, joinVideos, type VideoEncoding } from '../video/encode.ts';
import { quietEncoder } from '../video/library.ts';
import { annotationFileName } from './annotations.ts';
import { RECORDING_FOLDER } from './info.ts';
import {
  openJournal,
  type JournalContent,
  type JournalEpisode,
  type JournalHeader,
  type JournalVideo,
} from './journal.ts';
import { cells, checkFeatures, dataLayout, tableFeatures } from './layout.ts';
import { PARTS, remove, takeOver, type Existing } from './recording-folder.ts';
import { writeMetadata, type WrittenEpisode, type WrittenVideo } from './metadata.ts';
import { prepareEpisode, unpackImages, type EpisodeFrames, type EpisodeSpec, type PreparedEpisode } from './prepare.ts';

/** Where and what to record. */
export interface WriterOptions {
  /** The dataset's folder; made when needed. */
  readonly root: string;
  readonly fps: number;
  readonly robotType: string | null;
  /** All features but LeRobot's standard ones (timestamp, indices), which the writer adds. */
  readonly features: Readonly<Record<string, Feature>>;
  readonly existing: Existing;
  /** What else an interrupted recording must have in common with this one to go on, by name; plain data. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Further keys of info.json, for example `{ vlakit: { subtasks: […] } }`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** How features of type "video" are encoded; default AV1 as LeRobot does it. */
  readonly video?: VideoEncoding;
  /** A new data file starts before this size is passed; default 100. */
  readonly dataFileMegabytes?: number;
  /** The same for video files; default 200. */
  readonly videoFileMegabytes?: number;
}

/** A recording under way. */
export interface LeRobotWriter {
  /** What `prepareEpisode` needs, for workers that prepare episodes themselves. */
  readonly spec: EpisodeSpec;
  /** Episodes stored so far, those of a resumed recording included. */
  readonly episodes: number;
  readonly frames: number;
  /** Stores one episode and gives its index. Calls are carried out one after the other. */
  addEpisode(episode: EpisodeFrames | PreparedEpisode): Promise<number>;
  /** Writes the metadata and makes the dataset whole. */
  finish(): Promise<void>;
  /** Stops without finishing; the recording can be resumed. */
  close(): void;
}

const CHUNK = 1000;
/** The folder of annotations: in the recording while it goes on, then in meta/. */
const ANNOTATIONS = 'annotations';
/** Bytes before the first row group of a parquet file. */
const PARQUET_HEAD = 4;

/** Starts or resumes a recording. */
export function createLeRobotWriter(options: WriterOptions): LeRobotWriter {
  const { root, fps, robotType, features } = options;
  if (!Number.isInteger(fps) || fps < 1) {
    throw new VlaError('bad-argument', `record: expected fps to be a positive whole number, got ${fps}.`, {
      hint: 'LeRobot v3.0 counts whole frames per second: record at such a rate.',
    });
  }
  checkFeatures(features);
  quietEncoder();
  const header: JournalHeader = { fps, robotType, features, settings: options.settings ?? {} };
  const content = takeOver(root, options.existing, header);
  const recording = path.join(root, RECORDING_FOLDER);
  const release = lockFolder(recording);
  try {
    return startWriter(options, header, content, recording, release);
  } catch (error) {
    release();
    throw error;
  }
}

function startWriter(
  options: WriterOptions,
  header: JournalHeader,
  content: JournalContent | null,
  recording: string,
  release: () => void,
): LeRobotWriter {
  const { root, fps, features } = options;
  const dataFileMegabytes = options.dataFileMegabytes ?? 100;
  const videoFileMegabytes = options.videoFileMegabytes ?? 200;
  const spec: EpisodeSpec = {
    features,
    fps,
    video: options.video ?? AV1_DEFAULT,
    scratch: path.join(recording, 'pieces'),
  };
  // A crash while finishing may have moved folders to their place already.
  for (const part of PARTS) {
    const moved = path.join(root, part);
    if (content !== null && fs.existsSync(moved)) fs.renameSync(moved, path.join(recording, part));
  }
  remove(path.join(recording, 'meta'));
  fs.mkdirSync(spec.scratch, { recursive: true });
  const episodes: JournalEpisode[] = usable(content?.episodes ?? [], recording);
  const videos: JournalVideo[] = (content?.videos ?? []).filter((v) => v.first + v.count <= episodes.length);
  const journal = openJournal(root, header, { header, episodes, videos });
  const layout = dataLayout(features);
  const table = tableFeatures(features);
  const cameras = Object.keys(features).filter((name) => features[name]!.dtype === 'video');
  const tasks = new Map<string, number>();
  for (const episode of episodes) noteTasks(tasks, episode.tasks);
  let frames = episodes.reduce((sum, episode) => sum + episode.length, 0);
  let dataFile = episodes.at(-1)?.dataFile ?? 0;
  let sink: ParquetSink | null = null;
  let lastBytes = lastEpisodeBytes(episodes);
  let failure: unknown;
  let state: 'open' | 'finished' | 'closed' = 'open';
  let queue: Promise<unknown> = Promise.resolve();

  const openSink = (): ParquetSink => {
    if (sink !== null) return sink;
    const groups: GroupRecord[] = episodes.filter((e) => e.dataFile === dataFile).map((e) => e.group);
    return (sink = createParquet(dataPath(recording, dataFile), layout, groups));
  };

  /** A recording may have been closed while an episode was being prepared. */
  const requireOpen = (): void => {
    if (state !== 'open') {
      throw new VlaError('bad-argument', `${root}: this recording is ${state} already.`, {
        hint: 'Open a new writer for further episodes.',
      });
    }
  };

  const store = async (given: EpisodeFrames | PreparedEpisode): Promise<number> => {
    const episode = 'taskOfFrame' in given ? given : await prepareEpisode(spec, given);
    requireOpen();
    if (openSink().bytes + lastBytes > dataFileMegabytes * 2 ** 20 && openSink().bytes > PARQUET_HEAD) {
      openSink().finish();
      sink = null;
      dataFile++;
    }
    const index = episodes.length;
    const target = openSink();
    const taskOffsets = noteTasks(tasks, episode.tasks);
    const standard = standardColumns(episode, index, frames, fps, taskOffsets);
    const statistics = { ...episode.statistics };
    for (const [name, values] of Object.entries(standard)) {
      statistics[name] = exactStatistics([Float64Array.from<number | bigint>(values, Number)], 1, name);
    }
    const before = target.bytes;
    const columns = { ...episode.columns, ...standard };
    const group = target.append(
      Object.entries(table).map(([name, feature]) =>
        feature.dtype === 'image'
          ? { name, values: imageCells(episode, name), opaque: true }
          : { name, values: cells(columns[name]!, feature, episode.length) },
      ),
    );
    lastBytes = target.bytes - before;
    if (episode.annotations !== undefined) {
      writeFileAtomic(path.join(recording, ANNOTATIONS, annotationFileName(index)), episode.annotations);
    }
    const entry: JournalEpisode = {
      length: episode.length,
      tasks: episode.tasks,
      dataFile,
      group,
      pieces: Object.fromEntries(Object.entries(episode.videos).map(([name, file]) => [name, path.basename(file)])),
      statistics,
    };
    journal.addEpisode(entry);
    episodes.push(entry);
    frames += episode.length;
    for (const camera of cameras) await joinPieces(camera, false);
    return index;
  };

  /** Joins the loose pieces of a camera into a video file once they fill one, or at the end. */
  const joinPieces = async (camera: string, all: boolean): Promise<void> => {
    const first = videos.filter((v) => v.camera === camera).reduce((end, v) => Math.max(end, v.first + v.count), 0);
    const limit = videoFileMegabytes * 2 ** 20;
    let start = first;
    let bytes = 0;
    for (let i = first; i < episodes.length; i++) {
      const size = fs.statSync(path.join(spec.scratch, episodes[i]!.pieces[camera]!)).size;
      if (i > start && bytes + size > limit) {
        await joinRange(camera, start, i);
        [start, bytes] = [i, 0];
      }
      bytes += size;
    }
    if (all && start < episodes.length) await joinRange(camera, start, episodes.length);
  };

  const joinRange = async (camera: string, first: number, end: number): Promise<void> => {
    const number = videos.filter((v) => v.camera === camera).length;
    const range = episodes.slice(first, end);
    const pieces = range.map((episode) => path.join(spec.scratch, episode.pieces[camera]!));
    const counts = await joinVideos(pieces, videoPath(recording, camera, number), fps);
    for (const [i, episode] of range.entries()) {
      if (counts[i] === episode.length) continue;
      throw new VlaError(
        'bad-data',
        `record: "${camera}", episode ${first + i}: expected ${episode.length} video frames, got ${counts[i]}.`,
        { hint: 'A piece of video in .recording/pieces is damaged: delete the recording and record again.' },
      );
    }
    const video = { camera, first, count: end - first };
    journal.addVideo(video);
    videos.push(video);
    for (const piece of pieces) fs.rmSync(piece, { force: true });
  };

  const complete = async (): Promise<void> => {
    if (episodes.length === 0) {
      throw new VlaError('bad-argument', `${root}: expected at least one recorded episode, got none.`, {
        hint: 'Record an episode before the dataset is finished.',
      });
    }
    for (const camera of cameras) await joinPieces(camera, true);
    openSink().finish();
    sink = null;
    writeMetadata(path.join(recording, 'meta'), {
      ...header,
      video: spec.video,
      chunksSize: CHUNK,
      dataFileMegabytes,
      videoFileMegabytes,
      extra: options.extra ?? {},
      tasks: [...tasks.keys()],
      episodes: episodes.map((episode, i): WrittenEpisode => ({
        ...episode,
        videos: Object.fromEntries(cameras.map((camera) => [camera, placeOf(camera, i)])),
      })),
    });
    journal.close();
    try {
      // Copied, so that the recording is whole until the end.
      const kept = path.join(recording, ANNOTATIONS);
      const files = fs.existsSync(kept) ? episodes.map((_, i) => annotationFileName(i)) : [];
      for (const file of files) fs.cpSync(path.join(kept, file), path.join(recording, 'meta', ANNOTATIONS, file));
      for (const part of PARTS) {
        const made = path.join(recording, part);
        if (fs.existsSync(made)) fs.renameSync(made, path.join(root, part));
      }
    } catch (cause) {
      throw fileError('finish', root, cause);
    }
    remove(recording);
  };

  const placeOf = (camera: string, episode: number): WrittenVideo => {
    const files = videos.filter((v) => v.camera === camera);
    const file = files.findIndex((v) => episode >= v.first && episode < v.first + v.count);
    const before = episodes.slice(files[file]!.first, episode).reduce((sum, e) => sum + e.length, 0);
    return { file, from: before / fps, to: (before + episodes[episode]!.length) / fps };
  };

  const stop = (): void => {
    sink?.abandon();
    sink = null;
    if (state === 'open') journal.close();
    release();
  };

  /** One call after the other; after a failure that may have left bytes behind, no further call. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(async () => {
      requireOpen();
      if (failure !== undefined) throw failure;
      return work();
    });
    queue = result.catch(() => undefined);
    return result;
  };

  return {
    spec,
    get episodes() {
      return episodes.length;
    },
    get frames() {
      return frames;
    },
    addEpisode: (episode) =>
      inTurn(async () => {
        try {
          return await store(episode);
        } catch (error) {
          if (error instanceof VlaError && error.code === 'io') failure = error;
          throw error;
        }
      }),
    finish: () =>
      inTurn(async () => {
        await complete();
        state = 'finished';
        release();
      }),
    close() {
      if (state !== 'open') return;
      stop();
      state = 'closed';
    },
  };
}

function dataPath(recording: string, number: number): string {
  return path.join(recording, 'data', `${numbered(number)}.parquet`);
}

function videoPath(recording: string, camera: string, number: number): string {
  return path.join(recording, 'videos', camera, `${numbered(number)}.mp4`);
}

function numbered(number: number): string {
  const pad = (value: number): string => String(value).padStart(3, '0');
  return `chunk-${pad(Math.floor(number / CHUNK))}/file-${pad(number % CHUNK)}`;
}

/** The journalled episodes whose bytes are all there (after a power cut the journal may know more than the disk). */
function usable(episodes: readonly JournalEpisode[], recording: string): JournalEpisode[] {
  const size = new Map<number, number>();
  const kept: JournalEpisode[] = [];
  for (const episode of episodes) {
    let bytes = size.get(episode.dataFile);
    if (bytes === undefined) {
      const file = dataPath(recording, episode.dataFile);
      size.set(episode.dataFile, (bytes = fs.existsSync(file) ? fs.statSync(file).size : 0));
    }
    if (episode.group.end > bytes) break;
    kept.push(episode);
  }
  return kept;
}

/** The size of the newest episode, by which the next one's is guessed. */
function lastEpisodeBytes(episodes: readonly JournalEpisode[]): number {
  const [before, last] = [episodes.at(-2), episodes.at(-1)];
  if (last === undefined) return 0;
  return last.group.end - (before?.dataFile === last.dataFile ? before.group.end : PARQUET_HEAD);
}

/** Adds new instructions to those known, in the order of their first use; gives the number of each. */
function noteTasks(tasks: Map<string, number>, texts: readonly string[]): number[] {
  return texts.map((text) => {
    if (!tasks.has(text)) tasks.set(text, tasks.size);
    return tasks.get(text)!;
  });
}

function imageCells(episode: PreparedEpisode, camera: string): object[] {
  return unpackImages(episode.images[camera]!).map((bytes) => ({ bytes, path: null }));
}

/** The columns that every LeRobot dataset has. */
function standardColumns(
  episode: PreparedEpisode,
  index: number,
  firstRow: number,
  fps: number,
  taskOffsets: readonly number[],
): Record<string, Float32Array | BigInt64Array> {
  const { length } = episode;
  const integers = (value: (frame: number) => number): BigInt64Array =>
    BigInt64Array.from({ length }, (_, frame) => BigInt(value(frame)));
  return {
    timestamp: Float32Array.from({ length }, (_, frame) => frame / fps),
    frame_index: integers((frame) => frame),
    episode_index: integers(() => index),
    index: integers((frame) => firstRow + frame),
    task_index: integers((frame) => taskOffsets[episode.taskOfFrame[frame]!]!),
  };
}
