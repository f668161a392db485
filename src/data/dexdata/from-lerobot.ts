/** @file LeRobot to Dexdata: one JSONL file per episode, pictures as PNG files or as frames of the dataset's own videos. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError, removeQuietly, writeFileAtomic } from '../../base/files.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import type { EpisodeInfo } from '../../interfaces/episode.ts';
import { featureSize, isCamera, STANDARD_FEATURES } from '../lerobot/info.ts';
import type { LeRobotDataset } from '../lerobot/reader.ts';
import { openVideo, type VideoFile } from '../video/decode.ts';
import { videoLibrary } from '../video/library.ts';
import { findLines } from './lines.ts';
import type { DexImage, DexRecord } from './record.ts';
import { ROBOT_INFO_NAME, type RobotInfo } from './robot-info.ts';
import { writePicture, writeRecords } from './writer.ts';

/** How to convert. */
export interface FromLeRobotOptions {
  /** The new dataset's folder; an interrupted conversion of the same dataset is gone on with. */
  readonly out: string;
  /** Cameras of type "video": copy the files and name their frames, or write every frame as PNG. */
  readonly videos: 'copy' | 'png';
  readonly signal: AbortSignal;
  /** Called after every episode. */
  readonly onEpisode?: (done: number, total: number) => void;
}

const STATE = 'observation.state';
const ACTION = 'action';

/** Converts all opened episodes; resolves with the number of frames. */
export async function lerobotToDexdata(dataset: LeRobotDataset, options: FromLeRobotOptions): Promise<number> {
  const { out, signal } = options;
  const info = describe(dataset);
  takeOver(out, info);
  const release = lockFolder(out);
  const videos = new VideoNumbers(dataset.root, out);
  let frames = 0;
  try {
    for (const [done, episode] of dataset.episodes.entries()) {
      if (signal.aborted) {
        throw new VlaError('interrupted', `convert: stopped after ${done} of ${dataset.episodes.length} episodes.`, {
          hint: 'Run the same command again to go on.',
        });
      }
      const name = `episode_${String(episode.index).padStart(6, '0')}.jsonl`;
      const there = fs.existsSync(path.join(out, name)) && findLines(path.join(out, name)).length === episode.length;
      if (!there) writeRecords(out, name, await episodeRecords(dataset, info, episode, videos, options));
      frames += episode.length;
      options.onEpisode?.(done + 1, dataset.episodes.length);
    }
  } finally {
    videos.close();
    release();
  }
  return frames;
}

/** Features that are left out: texts, and cameras without colours. */
export function leftOut(dataset: LeRobotDataset): string[] {
  const { cameras, features } = describe(dataset);
  const kept = new Set([...cameras, ...Object.keys(features), ...Object.keys(STANDARD_FEATURES)]);
  return Object.keys(dataset.features).filter((name) => !kept.has(name));
}

function describe(dataset: LeRobotDataset): RobotInfo {
  const features = Object.fromEntries(
    Object.entries(dataset.features).filter(
      ([name, feature]) => !isCamera(feature) && feature.dtype !== 'string' && !Object.hasOwn(STANDARD_FEATURES, name),
    ),
  );
  return { version: 1, fps: dataset.fps, robotType: dataset.robotType, cameras: dataset.cameras, features };
}

function takeOver(out: string, info: RobotInfo): void {
  const file = path.join(out, ROBOT_INFO_NAME);
  const text = `${JSON.stringify(info, null, 2)}\n`;
  const inside = fs.existsSync(out) ? fs.readdirSync(out).filter((name) => name !== 'lock') : [];
  if (inside.length > 0 && (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text)) {
    throw new VlaError(
      'bad-argument',
      `${out}: expected an empty folder, or a conversion of the same dataset, got ${inside.slice(0, 3).join(', ')}.`,
      { hint: 'Choose another folder, or empty this one.' },
    );
  }
  writeFileAtomic(file, text);
}

async function episodeRecords(
  dataset: LeRobotDataset,
  info: RobotInfo,
  episode: EpisodeInfo,
  videos: VideoNumbers,
  options: FromLeRobotOptions,
): Promise<DexRecord[]> {
  const { index, length } = episode;
  const columns = new Map<string, Float32Array>();
  for (const name of Object.keys(info.features)) columns.set(name, await dataset.column(name, index));
  const row = (name: string, frame: number): number[] | undefined => {
    const size = featureSize(dataset.features[name] ?? { dtype: 'float32', shape: [0], names: null });
    const values = columns.get(name);
    return values === undefined ? undefined : Array.from(values.subarray(frame * size, (frame + 1) * size));
  };
  const others = Object.keys(info.features).filter((name) => name !== STATE && name !== ACTION);
  const records: DexRecord[] = [];
  for (let frame = 0; frame < length; frame++) {
    const images: Record<string, DexImage> = {};
    for (const [i, camera] of info.cameras.entries()) {
      const isVideo = dataset.features[camera]!.dtype === 'video' && options.videos === 'copy';
      images[String(i + 1)] = isVideo
        ? await videos.frame(await dataset.videoPlace(camera, index, frame))
        : writePicture(options.out, pictureName(camera, index, frame), await dataset.image(camera, index, frame));
    }
    const [state, action] = [row(STATE, frame), row(ACTION, frame)];
    records.push({
      images,
      isRobot: true,
      ...(state === undefined ? {} : { state }),
      ...(action === undefined ? {} : { action }),
      prompt: await dataset.instruction(index, frame),
      ...(others.length === 0
        ? {}
        : { extra: { features: Object.fromEntries(others.map((name) => [name, row(name, frame)])) } }),
    });
  }
  return records;
}

function pictureName(camera: string, episode: number, frame: number): string {
  const pad = (value: number): string => String(value).padStart(6, '0');
  return `images/${camera.replaceAll(/[^\w.-]/g, '_')}/episode_${pad(episode)}/${pad(frame)}.png`;
}

/** Copies videos, each once, and finds the numbers of frames in them. */
class VideoNumbers {
  private readonly root: string;
  private readonly out: string;
  private open: { readonly video: VideoFile; readonly url: string } | null = null;

  constructor(root: string, out: string) {
    this.root = root;
    this.out = out;
  }

  async frame({ file, seconds }: { readonly file: string; readonly seconds: number }): Promise<DexImage> {
    if (this.open?.video.file !== file) {
      this.close();
      const url = path.relative(this.root, file).split(path.sep).join('/');
      copyOnce(file, path.join(this.out, url));
      this.open = { video: openVideo(await videoLibrary('Reading video'), file), url };
    }
    const { video, url } = this.open!;
    return { type: 'video', url, frame: video.indexAt(seconds) };
  }

  close(): void {
    this.open?.video.close();
    this.open = null;
  }
}

function copyOnce(from: string, to: string): void {
  if (fs.existsSync(to)) return;
  const temporary = `${to}.${process.pid}.tmp`;
  try {
    fs.mkdirSync(path.dirname(to), { recursive: true });
    fs.copyFileSync(from, temporary);
    fs.renameSync(temporary, to);
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError('copy', to, cause);
  }
}
