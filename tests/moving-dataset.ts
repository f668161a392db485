/** @file A recorded dataset whose arm always moves, and ways to damage it: for tests of cleaning. */

import fs from 'node:fs';
import path from 'node:path';
import { dataLayout } from '../src/data/lerobot/layout.ts';
import { readInfo } from '../src/data/lerobot/info.ts';
import type { EpisodeFrames } from '../src/data/lerobot/prepare.ts';
import { createLeRobotWriter } from '../src/data/lerobot/writer.ts';
import { openParquet } from '../src/data/parquet/read.ts';
import { writeParquet } from '../src/data/parquet/write.ts';
import type { Feature } from '../src/interfaces/episode.ts';

export const FPS = 20;
export const CAMERA = 'observation.images.front';
export const LAYOUT = 'position@0,gripper@3:closed-low';
const [WIDTH, HEIGHT] = [12, 8];

const FEATURES: Record<string, Feature> = {
  [CAMERA]: { dtype: 'image', shape: [HEIGHT, WIDTH, 3], names: null },
  'observation.state': { dtype: 'float32', shape: [4], names: ['x', 'y', 'z', 'gripper'] },
  action: { dtype: 'float32', shape: [4], names: ['dx', 'dy', 'dz', 'grip'] },
};

/** An episode of the arm. */
export interface Motion {
  readonly length: number;
  readonly task: string;
  /** The time of the motion that a frame shows; default the frame itself. A flat piece is a pause. */
  readonly time?: (frame: number) => number;
  /** Metres that the arm goes up and down; default 0.1. */
  readonly height?: number;
}

/** Position and gripper at a time of episode `seed`: sines that never rest together; the gripper opens and closes. */
function stateAt(seed: number, time: number, height: number): number[] {
  return [
    0.1 * Math.sin(0.31 * time + seed),
    0.1 * Math.cos(0.23 * time + 2 * seed),
    height * Math.sin(0.17 * time + 3 * seed),
    0.5 + 0.5 * Math.sin(0.4 * time + seed),
  ];
}

function movingEpisode(seed: number, { length, task, time = (t) => t, height = 0.1 }: Motion): EpisodeFrames {
  const state = Array.from({ length: length + 1 }, (_, t) => stateAt(seed, time(t), height));
  const picture = (t: number): Uint8Array =>
    Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (t * 9 + i * 5 + seed * 31) % 256);
  return {
    length,
    task,
    columns: {
      'observation.state': state.slice(0, length).flat(),
      action: state
        .slice(0, length)
        .flatMap((now, t) => now.map((value, d) => (d === 3 ? value : state[t + 1]![d]! - value))),
    },
    images: { [CAMERA]: { rgb: Uint8Array.from(Array.from({ length }, (_, t) => [...picture(t)]).flat()) } },
  };
}

/** Records the episodes into `root`. */
export async function writeMovingDataset(root: string, episodes: readonly Motion[]): Promise<void> {
  const writer = createLeRobotWriter({ root, fps: FPS, robotType: 'test-arm', features: FEATURES, existing: 'refuse' });
  try {
    for (const [seed, motion] of episodes.entries()) await writer.addEpisode(movingEpisode(seed, motion));
    await writer.finish();
  } finally {
    writer.close();
  }
}

/** Rewrites the data table of a dataset after `edit` has changed its cells; `row(episode, frame)` finds them. */
export async function damageTable(
  root: string,
  edit: (columns: Record<string, unknown[]>, row: (episode: number, frame: number) => number) => void,
): Promise<void> {
  const file = path.join(root, 'data', 'chunk-000', 'file-000.parquet');
  const parquet = await openParquet(file);
  const columns: Record<string, unknown[]> = {};
  for (const name of parquet.columns) columns[name] = await parquet.read(name);
  const first = new Map<number, number>();
  for (const [row, episode] of columns['episode_index']!.entries()) {
    if (!first.has(Number(episode))) first.set(Number(episode), row);
  }
  edit(columns, (episode, frame) => first.get(episode)! + frame);
  const standard = ['timestamp', 'frame_index', 'episode_index', 'index', 'task_index'];
  const own = Object.entries(readInfo(root).features).filter(([name]) => !standard.includes(name));
  fs.rmSync(file);
  writeParquet(
    file,
    dataLayout(Object.fromEntries(own)),
    [...own.map(([name]) => name), ...standard].map((name) => ({ name, values: columns[name]! })),
  );
}
