/** @file LIBERO's files into the user's cache: licences first, then what is missing or damaged. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { startProgress, type Progress } from '../../base/progress.ts';
import {
  assetSet,
  EMPTY_RECORD,
  measureFile,
  readRecord,
  writeRecord,
  type AssetEntry,
  type AssetSet,
} from './asset-record.ts';
import type { AssetSource } from './asset-sources.ts';
import { licencesOf, type Licence } from './licences.ts';
import type { LiberoFile } from './published-files.ts';

const FILES_AT_ONCE = 4;
const MEGABYTE = 1e6;
/** Counted for a file whose size is not known before it comes; such files are large. */
const TYPICAL_BYTES = 7e6;

/** What to pull, where from and where to. */
export interface PullOptions {
  readonly folder: string;
  /** What the suites at hand use (`publishedFiles`). */
  readonly files: readonly LiberoFile[];
  readonly source: AssetSource;
  /** Whether files that are not as published may stay, or come. */
  readonly allowChanged: boolean;
  /** Asked about licences that were not accepted before; false: nothing is written. */
  readonly accept: (licences: readonly Licence[]) => Promise<boolean>;
  readonly signal?: AbortSignal;
  /** Starts the display of progress (megabytes); default: a bar on standard error. */
  readonly progress?: (totalMegabytes: number) => Progress;
}

/** What a pull did. */
export interface Pulled {
  readonly set: AssetSet;
  readonly fetched: number;
  /** Files that were there already. */
  readonly kept: number;
}

/**
 * Makes `folder` hold the files. What is there and right is kept; files that the folder's record does not know and that
 * are not as published are never overwritten (`mismatch`). Files get their names when they are whole and right, so that a pull that
 * was stopped goes on where it was.
 */
export async function pullLibero(options: PullOptions): Promise<Pulled> {
  const { folder, files: wanted } = options;
  const record = readRecord(folder) ?? EMPTY_RECORD;
  const open = licencesOf(wanted).filter(({ id }) => !record.licences.includes(id));
  if (open.length > 0 && !(await options.accept(open))) {
    throw new VlaError(
      'bad-argument',
      `pull: expected the licences to be accepted, got no consent; nothing was written.`,
      {
        hint: 'Type yes when asked, or give --accept-licences.',
      },
    );
  }
  const licences = [...record.licences, ...open.map(({ id }) => id)];
  const { kept, missing } = sortFiles(folder, wanted, record.files, options.allowChanged);
  const release = lockFolder(folder);
  const files: Record<string, AssetEntry> = { ...record.files, ...kept };
  try {
    // What arrived before a failure is recorded, too.
    await fetchAll(missing, files, options).finally(() => writeRecord(folder, { schema: 1, licences, files }));
  } finally {
    release();
  }
  return { set: assetSet(wanted, files), fetched: missing.length, kept: Object.keys(kept).length };
}

/** Which files stay, and which are to be fetched. */
function sortFiles(
  folder: string,
  wanted: readonly LiberoFile[],
  recorded: Readonly<Record<string, AssetEntry>>,
  allowChanged: boolean,
): { kept: Record<string, AssetEntry>; missing: LiberoFile[] } {
  const kept: Record<string, AssetEntry> = {};
  const missing: LiberoFile[] = [];
  for (const file of wanted) {
    const found = measureFile(path.join(folder, file.name));
    const known = recorded[file.name];
    if (found === null) missing.push(file);
    else if (found.hash === file.hash || (allowChanged && (known === undefined || found.hash === known.hash))) {
      kept[file.name] = found;
    } else if (known === undefined) {
      throw new VlaError(
        'mismatch',
        `${path.join(folder, file.name)}: expected hash ${file.hash}, got ${found.hash}.`,
        {
          hint: 'vlakit did not write this file and leaves it alone: pull into another folder, or delete it.',
        },
      );
    } else missing.push(file);
  }
  return { kept, missing };
}

async function fetchAll(
  missing: readonly LiberoFile[],
  files: Record<string, AssetEntry>,
  { folder, source, signal, progress = progressBar }: PullOptions,
): Promise<void> {
  if (missing.length === 0) return;
  const total = missing.reduce((sum, { bytes }) => sum + (bytes ?? TYPICAL_BYTES), 0);
  const bar = progress(Math.ceil(total / MEGABYTE));
  let done = 0;
  let count = 0;
  const add = (bytes: number, name: string): void => {
    done += bytes;
    bar.update(Math.round(done / MEGABYTE), `${count}/${missing.length} files  ${path.posix.basename(name)}`);
  };
  await inParallel(missing, FILES_AT_ONCE, async (file) => {
    signal?.throwIfAborted();
    const to = path.join(folder, file.name);
    try {
      fs.mkdirSync(path.dirname(to), { recursive: true });
    } catch (cause) {
      throw fileError('write', to, cause);
    }
    // Of a file of unknown size no more is counted than was reckoned with.
    const reckoned = file.bytes ?? TYPICAL_BYTES;
    let arrived = 0;
    const counted = (): number => Math.min(arrived, reckoned);
    const onBytes = (bytes: number): void => {
      const before = counted();
      arrived += bytes;
      add(counted() - before, file.name);
    };
    const entry = await source.fetch(file, to, { onBytes, ...(signal && { signal }) });
    files[file.name] = entry;
    count++;
    add(reckoned - counted(), file.name);
  });
  bar.finish(`LIBERO: ${missing.length} files, ${Math.round(done / MEGABYTE)} MB`);
}

function progressBar(total: number): Progress {
  return startProgress({ label: 'pull', total, unit: 'MB' });
}
