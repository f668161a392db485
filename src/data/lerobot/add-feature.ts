/**
 * @file Copies a LeRobot dataset with one more numeric feature: tables are written anew, pictures and videos copied as
 * they are, so that nothing is encoded twice. Keeps the version of the format.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { readJson, writeFolderAtomic } from '../../base/files.ts';
import type { Feature, FeatureStatistics } from '../../interfaces/episode.ts';
import { openParquet, toNumber, toText } from '../parquet/read.ts';
import { createParquet } from '../parquet/write.ts';
import { exactStatistics } from '../statistics.ts';
import { readCatalogue } from './catalogue.ts';
import { RECORDING_FOLDER, featureSize, readInfo, type LeRobotInfo } from './info.ts';
import { cells, dataLayout, tableFeatures } from './layout.ts';

/** What is added. */
export interface AddedFeature {
  readonly name: string;
  readonly feature: Feature;
  /** The numeric feature that it is made of. */
  readonly source: string;
  /** The new values of an episode, row-major, of those of `source`. */
  of(values: Float32Array): Float32Array;
  /** Further keys for the `vlakit` entry of info.json. */
  readonly notes: Readonly<Record<string, unknown>>;
}

/** How the copying goes. */
export interface CopyOptions {
  readonly onFile?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Copies the dataset `root` to the new folder `out`; on failure there is no `out`. Episodes without files are left out. */
export async function copyWithFeature(
  root: string,
  out: string,
  added: AddedFeature,
  options: CopyOptions = {},
): Promise<void> {
  const info = readInfo(root);
  checkRequest(root, out, info, added);
  const { episodes } = await readCatalogue(root, info);
  const tables = [...new Set(episodes.map(({ dataFile }) => dataFile))].filter((file) => fs.existsSync(file));
  await writeFolderAtomic(out, async (folder) => {
    const skipped = new Set([...tables, path.join(root, RECORDING_FOLDER)].map((file) => path.resolve(file)));
    fs.cpSync(root, folder, {
      recursive: true,
      mode: fs.constants.COPYFILE_FICLONE,
      filter: (file) => !skipped.has(path.resolve(file)),
    });
    const statistics = new Map<number, FeatureStatistics>();
    const all: Float32Array[] = [];
    for (const [i, table] of tables.entries()) {
      if (options.signal?.aborted) {
        throw new VlaError('interrupted', `${out}: stopped after ${i} of ${tables.length} tables.`, {
          hint: 'Nothing was written; run the same command again.',
        });
      }
      const made = await copyTable(table, path.join(folder, path.relative(root, table)), info, added);
      for (const [episode, values] of made) {
        statistics.set(episode, exactStatistics([values], featureSize(added.feature), added.name));
        all.push(values);
      }
      options.onFile?.(i + 1, tables.length);
    }
    updateMetadata(folder, added, exactStatistics(all, featureSize(added.feature), added.name), statistics);
  });
}

function checkRequest(root: string, out: string, { features }: LeRobotInfo, { name, source }: AddedFeature): void {
  if (fs.existsSync(out)) {
    throw new VlaError('bad-argument', `${out}: expected a new folder, got one that exists.`, {
      hint: 'Name another folder, or delete this one.',
    });
  }
  if (path.resolve(out).startsWith(path.resolve(root) + path.sep)) {
    throw new VlaError('bad-argument', `${out}: expected a folder outside the dataset ${root}.`, {
      hint: 'Name a folder beside it.',
    });
  }
  if (Object.hasOwn(features, name)) {
    throw new VlaError('bad-argument', `${root}: expected a dataset without "${name}", got one that has it.`, {
      hint: 'It needs no pseudo-actions; or give the new feature another name with --as.',
    });
  }
  if (Object.hasOwn(features, source)) return;
  throw new VlaError('not-found', `${root}: expected a feature "${source}", got ${Object.keys(features).join(', ')}.`, {
    hint: 'Name the feature that holds the states with --from.',
  });
}

/** Writes one table with the new column; gives the new values of each episode. */
async function copyTable(
  from: string,
  to: string,
  info: LeRobotInfo,
  { name, feature, source, of }: AddedFeature,
): Promise<Map<number, Float32Array>> {
  const parquet = await openParquet(from);
  const features = { ...info.features, [name]: feature };
  const owner = (await parquet.read('episode_index')).map(toNumber);
  const made = new Map<number, Float32Array>();
  const sources = sourceValues(await parquet.read(source), owner, featureSize(info.features[source]!), from);
  for (const [episode, values] of sources) made.set(episode, of(values));
  const size = featureSize(feature);
  const next = new Map<number, number>();
  // Layout and columns follow the same table of features, as when recording.
  const sink = createParquet(to, dataLayout(features));
  try {
    for (const { start, rows } of parquet.groups) {
      const columns = [];
      for (const [column, declared] of Object.entries(tableFeatures(features))) {
        if (column === name) {
          const values = new Float32Array(rows * size);
          for (let i = 0; i < rows; i++) {
            const episode = owner[start + i]!;
            const row = next.get(episode) ?? 0;
            next.set(episode, row + 1);
            values.set(made.get(episode)!.subarray(row * size, (row + 1) * size), i * size);
          }
          columns.push({ name, values: cells(values, feature, rows) });
          continue;
        }
        const read = await parquet.read(column, start, start + rows);
        columns.push({
          name: column,
          values: read.map((cell) => copiedCell(cell, declared)),
          ...(declared.dtype === 'image' && { opaque: true }),
        });
      }
      sink.append(columns);
    }
    sink.finish();
  } finally {
    sink.abandon();
  }
  return made;
}

/** A cell as the writer takes it: texts as strings, numbers of one as themselves. */
function copiedCell(cell: unknown, { dtype, shape }: Feature): unknown {
  if (dtype === 'string') return toText(cell);
  if (dtype === 'image') {
    const { bytes, path: file } = (cell ?? {}) as { bytes?: unknown; path?: unknown };
    return { bytes: bytes ?? null, path: file === null || file === undefined ? null : toText(file) };
  }
  const isSingle = shape.length === 1 && shape[0] === 1;
  return isSingle && (Array.isArray(cell) || ArrayBuffer.isView(cell))
    ? (cell as unknown as ArrayLike<unknown>)[0]
    : cell;
}

/** The source's numbers per episode; every one finite. */
function sourceValues(
  read: readonly unknown[],
  owner: readonly number[],
  size: number,
  where: string,
): Map<number, Float32Array> {
  const rows = new Map<number, number[]>();
  for (const [row, cell] of read.entries()) {
    const flat = (
      Array.isArray(cell) ? cell.flat(Infinity) : ArrayBuffer.isView(cell) ? cell : [cell]
    ) as ArrayLike<unknown>;
    const numbers = Array.from(flat, toNumber);
    if (numbers.length !== size || !numbers.every(Number.isFinite)) {
      throw new VlaError(
        'bad-data',
        `${where}: episode ${owner[row]}, row ${row}: expected ${size} finite numbers, got [${numbers.join(', ')}].`,
        { hint: 'Find such episodes with `vlakit data clean`, and leave them out of the dataset first.' },
      );
    }
    const episode = rows.get(owner[row]!) ?? [];
    episode.push(...numbers);
    rows.set(owner[row]!, episode);
  }
  return new Map([...rows].map(([episode, numbers]) => [episode, Float32Array.from(numbers)]));
}

function updateMetadata(
  folder: string,
  { name, feature, notes }: AddedFeature,
  total: FeatureStatistics,
  episodes: ReadonlyMap<number, FeatureStatistics>,
): void {
  const edit = (file: string, change: (json: Record<string, unknown>) => object): void => {
    const at = path.join(folder, 'meta', file);
    if (fs.existsSync(at)) fs.writeFileSync(at, JSON.stringify(change(readJson(at)), null, 4));
  };
  edit('info.json', (info) => ({
    ...info,
    features: { ...(info['features'] as object), [name]: feature },
    vlakit: { ...(info['vlakit'] as object | undefined), ...notes },
  }));
  edit('stats.json', (stats) => ({ ...stats, [name]: { ...total, count: [total.count] } }));
  // Version 2.1 keeps statistics per episode, one line each.
  const perEpisode = path.join(folder, 'meta', 'episodes_stats.jsonl');
  if (!fs.existsSync(perEpisode)) return;
  const lines = fs
    .readFileSync(perEpisode, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const changed = lines.map((line) => {
    const entry = JSON.parse(line) as { episode_index: number; stats: object };
    const own = episodes.get(entry.episode_index);
    if (own === undefined) return line;
    return JSON.stringify({ ...entry, stats: { ...entry.stats, [name]: { ...own, count: [own.count] } } });
  });
  fs.writeFileSync(perEpisode, `${changed.join('\n')}\n`);
}
