/** @file Writes the small dataset in LeRobot's older layouts, v2.0 and v2.1, as other tools write them. */

import fs from 'node:fs';
import path from 'node:path';
import { columnSchema, tableSchema, writeParquet } from '../src/data/parquet/write.ts';
import { H264_DEFAULT, encodeVideo } from '../src/data/video/encode.ts';
import { FPS, FRONT, HEIGHT, WIDTH, actionAt, pictureAt, smallFeatures, stateAt, taskOf } from './small-dataset.ts';

/** Writes episodes of these lengths; `omit` leaves out the files of some (the metadata still list them). */
export async function writeVersion2(
  root: string,
  version: 'v2.0' | 'v2.1',
  lengths: readonly number[],
  omit: readonly number[] = [],
): Promise<void> {
  const tasks = [...new Set(lengths.map((_, episode) => taskOf(episode)))];
  const meta = path.join(root, 'meta');
  fs.mkdirSync(meta, { recursive: true });
  const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const text = (name: string, content: string): void => fs.writeFileSync(path.join(meta, name), content);
  text('tasks.jsonl', lines(tasks.map((task, task_index) => ({ task_index, task }))));
  text('episodes.jsonl', lines(lengths.map((length, i) => ({ episode_index: i, tasks: [taskOf(i)], length }))));
  const scalar = (dtype: string): object => ({ dtype, shape: [1], names: null });
  text(
    'info.json',
    JSON.stringify({
      codebase_version: version,
      robot_type: 'test-arm',
      total_episodes: lengths.length,
      total_frames: lengths.reduce((sum, length) => sum + length, 0),
      total_tasks: tasks.length,
      total_videos: lengths.length,
      total_chunks: 2,
      // Two episodes per chunk, so that the chunk's number matters.
      chunks_size: 2,
      fps: FPS,
      splits: { train: `0:${lengths.length}` },
      data_path: 'data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet',
      video_path: 'videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4',
      features: {
        // Names nested as Unitree writes them, and as a dictionary; a camera with its channels first.
        'observation.state': { dtype: 'float32', shape: [2], names: [['x', 'y']] },
        action: { dtype: 'float32', shape: [3], names: { motors: ['dx', 'dy', 'grip'] } },
        [FRONT]: {
          dtype: 'video',
          shape: [3, HEIGHT, WIDTH],
          names: ['channels', 'height', 'width'],
          video_info: { 'video.codec': 'h264', 'video.fps': FPS },
        },
        timestamp: scalar('float32'),
        frame_index: scalar('int64'),
        episode_index: scalar('int64'),
        index: scalar('int64'),
        task_index: scalar('int64'),
      },
    }),
  );
  let first = 0;
  for (const [episode, length] of lengths.entries()) {
    const start = first;
    first += length;
    if (omit.includes(episode)) continue;
    const chunk = `chunk-${String(episode >> 1).padStart(3, '0')}`;
    const name = `episode_${String(episode).padStart(6, '0')}`;
    const rows = <T>(value: (frame: number) => T): T[] => Array.from({ length }, (_, frame) => value(frame));
    writeParquet(
      path.join(root, 'data', chunk, `${name}.parquet`),
      {
        keyValues: {},
        schema: tableSchema([
          columnSchema('observation.state', 'FLOAT', 1),
          columnSchema('action', 'FLOAT', 1),
          columnSchema('timestamp', 'FLOAT'),
          ...['frame_index', 'episode_index', 'index', 'task_index'].map((column) => columnSchema(column, 'INT64')),
        ]),
      },
      [
        { name: 'observation.state', values: rows((frame) => stateAt(episode, frame)) },
        { name: 'action', values: rows((frame) => actionAt(episode, frame)) },
        { name: 'timestamp', values: rows((frame) => Math.fround(frame / FPS)) },
        { name: 'frame_index', values: rows(BigInt) },
        { name: 'episode_index', values: rows(() => BigInt(episode)) },
        { name: 'index', values: rows((frame) => BigInt(start + frame)) },
        { name: 'task_index', values: rows(() => BigInt(tasks.indexOf(taskOf(episode)))) },
      ],
    );
    const spec = { features: smallFeatures('video'), fps: FPS, video: H264_DEFAULT, scratch: root };
    const video = await encodeVideo(spec, FRONT, length, async (frame) => pictureAt(FRONT, episode, frame));
    const folder = path.join(root, 'videos', chunk, FRONT);
    fs.mkdirSync(folder, { recursive: true });
    fs.renameSync(video, path.join(folder, `${name}.mp4`));
  }
}
