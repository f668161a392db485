/** @file A small recorded dataset for tests: two cameras, state, action, supervision; every value follows a formula. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EpisodeFrames } from '../src/data/lerobot/prepare.ts';
import { createLeRobotWriter, type WriterOptions } from '../src/data/lerobot/writer.ts';
import type { Feature } from '../src/interfaces/episode.ts';

export const FPS = 20;
export const WIDTH = 32;
export const HEIGHT = 16;
export const FRONT = 'observation.images.front';
export const WRIST = 'observation.images.wrist';

/** The features, with cameras of type "image" or "video". */
export function smallFeatures(camera: 'image' | 'video'): Record<string, Feature> {
  return {
    [FRONT]: { dtype: camera, shape: [HEIGHT, WIDTH, 3], names: null },
    [WRIST]: { dtype: camera, shape: [HEIGHT, WIDTH, 3], names: null },
    'observation.state': { dtype: 'float32', shape: [2], names: ['x', 'y'] },
    action: { dtype: 'float32', shape: [3], names: ['dx', 'dy', 'grip'] },
    'supervision.goal_position': { dtype: 'float32', shape: [3], names: null },
    'supervision.subtask': { dtype: 'int64', shape: [1], names: null },
  };
}

export const stateAt = (episode: number, frame: number): number[] => [episode + frame / 64, -frame / 64];
export const actionAt = (episode: number, frame: number): number[] => [frame / 64, episode, frame % 2 ? 1 : -1];
export const taskOf = (episode: number): string => (episode % 2 === 0 ? 'lift the red cube' : 'push the blue cube');

/** Smooth colours that survive video: a level per frame, a slope along x, another level per camera and episode. */
export function pictureAt(camera: string, episode: number, frame: number): Uint8Array {
  const data = new Uint8Array(WIDTH * HEIGHT * 3);
  const level = camera === FRONT ? 40 : 120;
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      data.set([(level + frame * 8) % 256, level + x, level + episode * 20], (y * WIDTH + x) * 3);
    }
  }
  return data;
}

export function smallEpisode(episode: number, length: number): EpisodeFrames {
  const over = (at: (frame: number) => ArrayLike<number>): number[] =>
    Array.from({ length }, (_, frame) => Array.from(at(frame))).flat();
  const pictures = (camera: string): Uint8Array => Uint8Array.from(over((frame) => pictureAt(camera, episode, frame)));
  return {
    length,
    task: taskOf(episode),
    columns: {
      'observation.state': over((frame) => stateAt(episode, frame)),
      action: over((frame) => actionAt(episode, frame)),
      'supervision.goal_position': over((frame) => [episode, frame, 0]),
      'supervision.subtask': over((frame) => [frame > 3 ? 1 : 0]),
    },
    images: { [FRONT]: { rgb: pictures(FRONT) }, [WRIST]: { rgb: pictures(WRIST) } },
  };
}

/** Writes the dataset with episodes of these lengths into `root`. */
export async function writeSmallDataset(
  root: string,
  camera: 'image' | 'video',
  lengths: readonly number[],
  changes: Partial<WriterOptions> = {},
): Promise<void> {
  const writer = createLeRobotWriter({
    root,
    fps: FPS,
    robotType: 'test-arm',
    features: smallFeatures(camera),
    existing: 'refuse',
    extra: { vlakit: { subtasks: ['approach', 'lift'] } },
    ...changes,
  });
  try {
    for (const [episode, length] of lengths.entries()) await writer.addEpisode(smallEpisode(episode, length));
    await writer.finish();
  } finally {
    writer.close();
  }
}

/** Runs `use` with a folder that is deleted afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'vlakit-data-'));
  try {
    return await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
