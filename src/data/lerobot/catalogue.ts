/** @file Which episodes a LeRobot dataset has and where their rows and frames lie, for versions 2.0, 2.1 and 3.0 alike. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { openParquet, toNumber, toText } from '../parquet/read.ts';
import { fillPath, type LeRobotInfo } from './info.ts';

/** Where the frames of one camera of one episode lie. */
export interface VideoPlace {
  readonly file: string;
  /** Seconds into the file at which the episode starts. */
  readonly start: number;
}

/** One episode of the dataset's metadata. */
export interface EpisodeEntry {
  readonly index: number;
  readonly length: number;
  readonly tasks: readonly string[];
  /** The parquet file with its rows. */
  readonly dataFile: string;
  readonly videos: Readonly<Record<string, VideoPlace>>;
}

/** All episodes and instructions that the metadata list. */
export interface Catalogue {
  readonly episodes: readonly EpisodeEntry[];
  /** task_index → instruction. */
  readonly tasks: ReadonlyMap<number, string>;
}

/** Reads the episode and task lists of the dataset at `root`. */
export async function readCatalogue(root: string, info: LeRobotInfo): Promise<Catalogue> {
  const catalogue = info.version === 'v3.0' ? await readVersion3(root, info) : readVersion2(root, info);
  const { episodes } = catalogue;
  const where = path.join(root, 'meta', 'info.json');
  if (episodes.length !== info.totalEpisodes) {
    throw new VlaError(
      'bad-data',
      `${where}: total_episodes says ${info.totalEpisodes}, but the episode list has ${episodes.length}.`,
      { hint: 'The metadata was cut off or edited; fetch it again, or correct total_episodes.' },
    );
  }
  const frames = episodes.reduce((sum, episode) => sum + episode.length, 0);
  if (frames !== info.totalFrames) {
    throw new VlaError(
      'bad-data',
      `${where}: total_frames says ${info.totalFrames}, but the episodes’ lengths add up to ${frames}.`,
      { hint: 'The metadata was cut off or edited; fetch it again, or correct total_frames.' },
    );
  }
  return catalogue;
}

async function readVersion3(root: string, info: LeRobotInfo): Promise<Catalogue> {
  const tasks = new Map<number, string>();
  const tasksFile = await openParquet(path.join(root, 'meta', 'tasks.parquet'));
  // pandas stores the text as its index: named "task" by new files, "__index_level_0__" by old ones.
  const textColumn = tasksFile.columns.find((name) => name !== 'task_index') ?? 'task';
  const texts = await tasksFile.read(textColumn);
  for (const [row, index] of (await tasksFile.read('task_index')).entries()) {
    tasks.set(toNumber(index), toText(texts[row]));
  }
  const cameras = Object.keys(info.videos);
  const episodes: EpisodeEntry[] = [];
  for (const file of parquetFiles(path.join(root, 'meta', 'episodes'))) {
    const table = await openParquet(file);
    const read = async (column: string): Promise<number[]> => (await table.read(column)).map(toNumber);
    const [index, length, chunk, dataFile] = [
      await read('episode_index'),
      await read('length'),
      await read('data/chunk_index'),
      await read('data/file_index'),
    ];
    const names = await table.read('tasks');
    const places: Record<string, { chunk: number[]; file: number[]; start: number[] }> = {};
    for (const camera of cameras) {
      places[camera] = {
        chunk: await read(`videos/${camera}/chunk_index`),
        file: await read(`videos/${camera}/file_index`),
        start: await read(`videos/${camera}/from_timestamp`),
      };
    }
    for (let row = 0; row < table.rows; row++) {
      const videos: Record<string, VideoPlace> = {};
      for (const camera of cameras) {
        const place = places[camera]!;
        const values = { video_key: camera, chunk_index: place.chunk[row]!, file_index: place.file[row]! };
        videos[camera] = { file: path.join(root, fillPath(info.videoPath!, values)), start: place.start[row]! };
      }
      const values = { chunk_index: chunk[row]!, file_index: dataFile[row]! };
      episodes.push({
        index: index[row]!,
        length: length[row]!,
        tasks: (Array.isArray(names[row]) ? (names[row] as unknown[]) : []).map(toText),
        dataFile: path.join(root, fillPath(info.dataPath, values)),
        videos,
      });
    }
  }
  return { episodes: episodes.sort((a, b) => a.index - b.index), tasks };
}

/** The parquet files below a folder of chunks, in the order of their numbers. */
function parquetFiles(folder: string): string[] {
  try {
    return fs
      .readdirSync(folder)
      .filter((name) => name.startsWith('chunk-'))
      .flatMap((chunk) => fs.readdirSync(path.join(folder, chunk)).map((name) => path.join(folder, chunk, name)))
      .filter((file) => file.endsWith('.parquet'))
      .sort();
  } catch (cause) {
    throw fileError('read', folder, cause);
  }
}

function readVersion2(root: string, info: LeRobotInfo): Catalogue {
  const tasks = new Map<number, string>();
  for (const line of readLines(path.join(root, 'meta', 'tasks.jsonl'))) {
    tasks.set(toNumber(line['task_index']), String(line['task']));
  }
  const episodes = readLines(path.join(root, 'meta', 'episodes.jsonl')).map((line): EpisodeEntry => {
    const index = toNumber(line['episode_index']);
    const values = { episode_chunk: Math.floor(index / info.chunksSize), episode_index: index };
    const videos: Record<string, VideoPlace> = {};
    for (const camera of Object.keys(info.videos)) {
      const file = path.join(root, fillPath(info.videoPath!, { ...values, video_key: camera }));
      videos[camera] = { file, start: 0 };
    }
    return {
      index,
      length: toNumber(line['length']),
      tasks: Array.isArray(line['tasks']) ? (line['tasks'] as unknown[]).map(String) : [],
      dataFile: path.join(root, fillPath(info.dataPath, values)),
      videos,
    };
  });
  return { episodes: episodes.sort((a, b) => a.index - b.index), tasks };
}

function readLines(file: string): Record<string, unknown>[] {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  return text
    .split('\n')
    .map((line, number) => ({ line: line.trim(), number: number + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => {
      try {
        return JSON.parse(line) as Record<string, unknown>;
      } catch (cause) {
        throw new VlaError('bad-data', `${file}:${number}: expected a JSON line, got ${(cause as Error).message}.`, {
          cause,
          hint: 'The file was cut off or damaged; fetch it again.',
        });
      }
    });
}

/** Files of an episode that are not there. */
export function missingFiles(episode: EpisodeEntry): string[] {
  return [episode.dataFile, ...Object.values(episode.videos).map((video) => video.file)].filter(
    (file) => !fs.existsSync(file),
  );
}

/** Which episodes to open: all (every one must be there), those that are there, or a list of episode indices. */
export type EpisodeSelection = 'all' | 'present' | readonly number[];

/** The chosen episodes; those that are unknown or whose files are missing are one error that names them. */
export function selectEpisodes(
  root: string,
  episodes: readonly EpisodeEntry[],
  selection: EpisodeSelection,
): EpisodeEntry[] {
  const whole = (episode: EpisodeEntry): boolean => missingFiles(episode).length === 0;
  if (selection === 'present') {
    const present = episodes.filter(whole);
    if (present.length > 0) return present;
    throw new VlaError('not-found', `${root}: expected at least one whole episode, got none of ${episodes.length}.`, {
      hint: 'The files under data/ and videos/ are missing; fetch them.',
    });
  }
  const byIndex = new Map(episodes.map((episode) => [episode.index, episode]));
  const wanted = selection === 'all' ? [...byIndex.keys()] : [...new Set(selection)];
  if (wanted.length === 0) {
    throw new VlaError('bad-argument', `${root}: expected at least one episode, got none.`, {
      hint: 'Choose some with --episodes, and hold fewer of them out.',
    });
  }
  const unknown = wanted.filter((index) => !byIndex.has(index));
  if (unknown.length > 0) {
    throw new VlaError(
      'not-found',
      `${root}: expected episodes of this dataset (${ranges([...byIndex.keys()])}), got ${ranges(unknown)}.`,
      { hint: 'Choose episodes that exist.' },
    );
  }
  const missing = wanted.filter((index) => !whole(byIndex.get(index)!));
  if (missing.length > 0) {
    const present = episodes.filter(whole).map((episode) => episode.index);
    const first = path.relative(root, missingFiles(byIndex.get(missing[0]!)!)[0]!);
    throw new VlaError(
      'not-found',
      `${root}: the files of ${missing.length} of ${wanted.length} episodes are missing: episodes ${ranges(missing)} (the first is ${first}).`,
      {
        hint:
          present.length === 0
            ? 'Fetch the files under data/ and videos/.'
            : `Fetch them, or choose those that are here (--episodes ${ranges(present)}).`,
      },
    );
  }
  return wanted.map((index) => byIndex.get(index)!);
}

/** [1,2,3,7] → "1-3,7". */
export function ranges(indices: readonly number[]): string {
  const parts: string[] = [];
  const sorted = [...indices].sort((a, b) => a - b);
  for (let i = 0; i < sorted.length;) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1] === sorted[end]! + 1) end++;
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(',');
}

/** Far above any dataset; a slip of the keyboard must not become a list of a hundred million numbers. */
const LAST_EPISODE = 9_999_999;

/** "1-3,7" → [1,2,3,7]; "all" and "present" pass. */
export function parseEpisodes(text: string): EpisodeSelection {
  if (text === 'all' || text === 'present') return text;
  return text.split(',').flatMap((part) => {
    const match = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    const start = Number(match?.[1]);
    const end = Number(match?.[2] ?? match?.[1]);
    if (match === null || end < start || end > LAST_EPISODE) {
      throw new VlaError(
        'bad-argument',
        `--episodes: expected "all", "present" or a list such as 0-4,7, got "${text}".`,
        { hint: `Write whole numbers up to ${LAST_EPISODE} and ascending ranges, with commas between them.` },
      );
    }
    return Array.from({ length: end - start + 1 }, (_, i) => start + i);
  });
}
