/** @file Opens a LeRobot dataset (v2.0, v2.1 or v3.0) as a `Dataset`: columns in memory, images decoded on demand. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError, lookUp } from '../../base/errors.ts';
import type { Dataset, Feature, FeatureStatistics } from '../../interfaces/episode.ts';
import type { Image } from '../../interfaces/observation.ts';
import { ByteBudget } from '../byte-budget.ts';
import { openParquet, toNumber, type ParquetFile } from '../parquet/read.ts';
import { decodeImage } from '../../base/png.ts';
import { exactStatistics } from '../statistics.ts';
import { openVideoPool, type VideoPool } from '../video/pool.ts';
import { openAnnotationFiles } from './annotations.ts';
import { readCatalogue, selectEpisodes, type EpisodeEntry, type EpisodeSelection } from './catalogue.ts';
import { featureSize, isCamera, readInfo, type LeRobotInfo } from './info.ts';

/** How to open a dataset. */
export interface OpenOptions {
  /** Which episodes; "all" refuses a dataset with missing files, "present" takes what is there. */
  readonly episodes: EpisodeSelection;
  /** Bytes of still-encoded images kept in memory; default 256 MB. */
  readonly imageCacheBytes?: number;
  /**
   * Whether an episode whose numbers are damaged makes every episode of its data file unreadable (default: whoever
   * trains hears of it at once), or itself alone, so that the others can be read and the damage listed.
   */
  readonly damage?: 'whole-file' | 'episode';
}

/** A LeRobot dataset: a `Dataset` that also tells its metadata. */
export interface LeRobotDataset extends Dataset {
  readonly root: string;
  readonly info: LeRobotInfo;
  /** Where a frame of a camera of type "video" is: the file, and the time in it. */
  videoPlace(camera: string, episode: number, frame: number): Promise<VideoPlace>;
}

/** A frame of a video. */
export interface VideoPlace {
  readonly file: string;
  readonly seconds: number;
}

/** Rows [start, end) of a data file. */
interface RowRange {
  readonly start: number;
  readonly end: number;
}

interface DataFile {
  readonly parquet: ParquetFile;
  readonly ranges: ReadonlyMap<number, RowRange>;
  /** Episodes whose rows contradict the metadata. */
  readonly damaged: ReadonlyMap<number, VlaError>;
}

/** A column of one episode, or why it cannot be read. */
type Packed = Float32Array | VlaError;

/** Opens the dataset in the folder `root`. Throws VlaError on missing episodes and on metadata that contradicts itself. */
export async function openLeRobot(root: string, options: OpenOptions): Promise<LeRobotDataset> {
  const info = readInfo(root);
  const catalogue = await readCatalogue(root, info);
  const entries = selectEpisodes(root, catalogue.episodes, options.episodes);
  return dataset(root, info, catalogue.tasks, entries, options);
}

function dataset(
  root: string,
  info: LeRobotInfo,
  tasks: ReadonlyMap<number, string>,
  entries: readonly EpisodeEntry[],
  options: OpenOptions,
): LeRobotDataset {
  const byIndex = new Map(entries.map((entry) => [entry.index, entry]));
  const files = new Map<string, Promise<DataFile>>();
  const columns = new Map<string, Promise<ReadonlyMap<number, Packed>>>();
  const annotations = openAnnotationFiles(root);
  const statistics = new Map<string, Promise<FeatureStatistics>>();
  const encoded = new ByteBudget<readonly Uint8Array[]>(options.imageCacheBytes ?? 256e6);
  let videos: Promise<VideoPool> | undefined;
  const name = path.basename(path.resolve(root));

  const entryOf = (episode: number): EpisodeEntry => {
    const entry = byIndex.get(episode);
    if (entry !== undefined) return entry;
    throw new VlaError('not-found', `${name}: expected one of the opened episodes, got episode ${episode}.`, {
      hint: 'Open the dataset with this episode selected.',
    });
  };
  const featureOf = (feature: string): Feature => lookUp(`${name}: feature`, feature, info.features);
  const fileOf = (file: string): Promise<DataFile> =>
    once(files, file, () => openDataFile(file, entries, options.damage === 'episode'));

  /** A numeric feature of all chosen episodes in one file. */
  const packed = (file: string, feature: string): Promise<ReadonlyMap<number, Packed>> =>
    once(columns, `${file}\n${feature}`, async () => {
      const { parquet, ranges, damaged } = await fileOf(file);
      const out = new Map<number, Packed>(damaged);
      if (ranges.size === 0) return out;
      const start = Math.min(...[...ranges.values()].map((range) => range.start));
      const end = Math.max(...[...ranges.values()].map((range) => range.end));
      const cells = await parquet.read(feature, start, end);
      for (const [episode, range] of ranges) {
        const rows = cells.slice(range.start - start, range.end - start);
        const column = pack(rows, featureOf(feature), `${file}: episode ${episode}, "${feature}"`);
        if (column instanceof VlaError && options.damage !== 'episode') throw column;
        out.set(episode, column);
      }
      return out;
    });

  const column = async (feature: string, episode: number): Promise<Float32Array> => {
    const { dtype } = featureOf(feature);
    if (dtype === 'image' || dtype === 'video' || dtype === 'string') {
      throw new VlaError('bad-argument', `${name}: expected a numeric feature, got "${feature}" of type ${dtype}.`, {
        hint: 'Read pictures with image(), and the instruction with instruction().',
      });
    }
    const found = (await packed(entryOf(episode).dataFile, feature)).get(episode)!;
    if (found instanceof VlaError) throw found;
    return found;
  };

  const checkFrame = (entry: EpisodeEntry, frame: number): void => {
    if (Number.isInteger(frame) && frame >= 0 && frame < entry.length) return;
    throw new VlaError(
      'bad-argument',
      `${name}: expected a frame in [0, ${entry.length}) of episode ${entry.index}, got ${frame}.`,
      { hint: 'Frames count from 0 within their episode.' },
    );
  };

  const encodedImages = (camera: string, entry: EpisodeEntry): Promise<readonly Uint8Array[]> =>
    encoded.get(`${camera}\n${entry.index}`, async () => {
      const { parquet, ranges, damaged } = await fileOf(entry.dataFile);
      const range = ranges.get(entry.index);
      if (range === undefined) throw damaged.get(entry.index)!;
      const cells = await parquet.read(camera, range.start, range.end);
      const images = cells.map((cell, frame) => imageBytes(root, cell, `${entry.dataFile}: ${camera}, frame ${frame}`));
      return { value: images, bytes: images.reduce((sum, image) => sum + image.length, 0) };
    });

  const videoPlace = async (camera: string, episode: number, frame: number): Promise<VideoPlace> => {
    const entry = entryOf(episode);
    checkFrame(entry, frame);
    const place = entry.videos[camera];
    if (place === undefined) {
      throw new VlaError('bad-argument', `${name}: expected a camera recorded as video, got "${camera}".`, {
        hint: 'Pictures of other cameras are in the tables: read them with image().',
      });
    }
    const timestamp = (await column('timestamp', episode))[frame]!;
    return { file: place.file, seconds: place.start + timestamp };
  };

  return {
    name,
    root,
    info,
    fps: info.fps,
    robotType: info.robotType,
    features: info.features,
    episodes: entries.map(({ index, length, tasks }) => ({ index, length, tasks })),
    cameras: Object.entries(info.features)
      .filter(([, feature]) => isCamera(feature) && feature.shape[2] === 3)
      .map(([camera]) => camera),
    column,
    videoPlace,
    async instruction(episode, frame) {
      const entry = entryOf(episode);
      checkFrame(entry, frame);
      const index = (await column('task_index', episode))[frame]!;
      const text = tasks.get(index);
      if (text !== undefined) return text;
      throw new VlaError(
        'bad-data',
        `${name}: episode ${episode}, frame ${frame}: expected a task of the task list, got task_index ${index}.`,
        { hint: 'meta/tasks is incomplete; fetch it again.' },
      );
    },
    async annotation(episode, frame) {
      const entry = entryOf(episode);
      checkFrame(entry, frame);
      return annotations.at(episode, frame, entry.length);
    },
    async image(camera, episode, frame) {
      const entry = entryOf(episode);
      checkFrame(entry, frame);
      const feature = featureOf(camera);
      const where = `${name}: ${camera}, episode ${episode}, frame ${frame}`;
      if (isCamera(feature) && feature.shape[2] !== 3) {
        throw new VlaError('unsupported', `${where}: expected a colour camera, got ${feature.shape[2]} channel(s).`, {
          hint: 'Depth maps cannot be read; leave this feature out.',
        });
      }
      let image: Image;
      if (feature.dtype === 'image') {
        image = await decodeImage((await encodedImages(camera, entry))[frame]!, where);
      } else if (feature.dtype === 'video') {
        const { file, seconds } = await videoPlace(camera, episode, frame);
        videos ??= openVideoPool();
        image = (await videos).frame(file, seconds, info.videos[camera]!);
      } else {
        throw new VlaError('bad-argument', `${name}: expected a camera, got "${camera}" of type ${feature.dtype}.`, {
          hint: `Cameras: ${Object.keys(info.features)
            .filter((key) => isCamera(info.features[key]!))
            .join(', ')}.`,
        });
      }
      const [height, width] = feature.shape;
      if (image.width !== width || image.height !== height) {
        throw new VlaError(
          'bad-data',
          `${where}: info.json says ${width} × ${height} pixels, but the picture has ${image.width} × ${image.height}.`,
          { hint: 'Correct the feature’s shape in meta/info.json, or fetch the dataset again.' },
        );
      }
      return image;
    },
    statistics: (feature) =>
      once(statistics, feature, async () => {
        const parts: Float32Array[] = [];
        for (const { index } of entries) parts.push(await column(feature, index));
        return exactStatistics(parts, featureSize(featureOf(feature)), `${name}: "${feature}"`);
      }),
    async close() {
      (await videos)?.close();
      columns.clear();
      files.clear();
    },
  };
}

/** Memoises a promise by key; a failure is forgotten, so that a later call tries again. */
function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  let found = cache.get(key);
  if (found === undefined) {
    found = make();
    cache.set(key, found);
    found.catch(() => cache.delete(key));
  }
  return found;
}

/** Opens a data file and finds the rows of the chosen episodes by its own episode_index column. */
async function openDataFile(file: string, entries: readonly EpisodeEntry[], separate: boolean): Promise<DataFile> {
  const parquet = await openParquet(file);
  const found = new Map<number, { start: number; end: number }>();
  for (const [row, cell] of (await parquet.read('episode_index')).entries()) {
    const episode = toNumber(cell);
    const range = found.get(episode);
    if (range === undefined) found.set(episode, { start: row, end: row + 1 });
    else range.end = row + 1;
  }
  const ranges = new Map<number, RowRange>();
  const damaged = new Map<number, VlaError>();
  for (const entry of entries) {
    if (entry.dataFile !== file) continue;
    const range = found.get(entry.index);
    const rows = range === undefined ? 0 : range.end - range.start;
    if (range !== undefined && rows === entry.length) {
      ranges.set(entry.index, range);
      continue;
    }
    const error = new VlaError(
      'bad-data',
      `${file}: the metadata says that episode ${entry.index} has ${entry.length} frames, but the file has ${rows} of it.`,
      { hint: 'The metadata and the data do not belong together; fetch both again.' },
    );
    if (!separate) throw error;
    damaged.set(entry.index, error);
  }
  return { parquet, ranges, damaged };
}

/** Cells of a column as one row-major array; an error unless every row has the feature's size and every number is finite. */
function pack(cells: readonly unknown[], feature: Feature, where: string): Packed {
  const size = featureSize(feature);
  const out = new Float32Array(cells.length * size);
  for (const [row, cell] of cells.entries()) {
    let at = row * size;
    const flat = flatten(cell);
    if (flat.length !== size) {
      return new VlaError(
        'bad-data',
        `${where}, frame ${row}: expected ${size} numbers (shape [${feature.shape.join(', ')}] in info.json), got ${flat.length}.`,
        { hint: 'Correct the feature’s shape in meta/info.json, or fetch the dataset again.' },
      );
    }
    for (let i = 0; i < size; i++) {
      const value = toNumber(flat[i]);
      if (!Number.isFinite(value)) {
        return new VlaError(
          'not-finite',
          `${where}, frame ${row}, dimension ${i}: expected a finite number, got ${String(flat[i])}.`,
          { hint: 'Leave this episode out with --episodes, or repair it.' },
        );
      }
      out[at++] = value;
    }
  }
  return out;
}

function flatten(cell: unknown): ArrayLike<unknown> {
  if (ArrayBuffer.isView(cell) && !(cell instanceof DataView)) return cell as unknown as ArrayLike<unknown>;
  if (!Array.isArray(cell)) return [cell];
  return cell.some((part) => Array.isArray(part)) ? (cell.flat(Infinity) as unknown[]) : (cell as unknown[]);
}

/** The encoded bytes of an image cell: inside the table, or in a file that it names. */
function imageBytes(root: string, cell: unknown, where: string): Uint8Array {
  const { bytes, path: name } = (cell ?? {}) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) return bytes;
  const text = name instanceof Uint8Array ? new TextDecoder().decode(name) : name;
  if (typeof text === 'string') {
    const file = path.resolve(root, text);
    // Only files of the dataset itself: a table must not make us read elsewhere.
    if (file.startsWith(path.resolve(root) + path.sep) && fs.existsSync(file)) return fs.readFileSync(file);
  }
  throw new VlaError('bad-data', `${where}: expected image bytes, got ${bytes === null ? 'none' : typeof bytes}.`, {
    hint: 'The table was written without its pictures; fetch or record it again.',
  });
}
