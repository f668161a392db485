/**
 * @file How many lines each file of a dataset has, remembered in the dataset's folder and checked against the files' sizes and times. DM0's code has
 * a cache of its own, index_cache.json, whose paths are of the machine that made it and which only compares the number of files: it is left to it.
 */

import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import { fileError, writeFileAtomic } from '../../base/files.ts';
import { findLines } from './lines.ts';

/** A JSONL file of a dataset. */
export interface DexFile {
  /** Below the dataset's folder, with forward slashes. */
  readonly name: string;
  /** Lines that are not blank. */
  readonly records: number;
}

/** The file that remembers. */
export const INDEX_NAME = '.vlakit-index.json';

const indexSchema = z.object({
  version: z.literal(1),
  files: z.record(z.string(), z.object({ bytes: z.number(), modifiedMs: z.number(), records: z.number() })),
});
type Index = z.infer<typeof indexSchema>['files'];

/** All JSONL files below `root`, in the order of their names, with their numbers of records. */
export function indexFiles(root: string): DexFile[] {
  const names = jsonlFiles(root);
  if (names.length === 0) {
    throw new VlaError('not-found', `${root}: expected a Dexdata dataset, but there is no .jsonl file in it.`, {
      hint: fs.existsSync(root) ? 'Name the folder that holds the .jsonl files.' : 'Check the path.',
    });
  }
  const known = readIndex(root);
  let changed = Object.keys(known).length !== names.length;
  const index: Index = {};
  for (const name of names) {
    const { size, mtimeMs } = fs.statSync(path.join(root, name));
    const entry = known[name];
    if (entry !== undefined && entry.bytes === size && entry.modifiedMs === mtimeMs) {
      index[name] = entry;
      continue;
    }
    changed = true;
    index[name] = { bytes: size, modifiedMs: mtimeMs, records: findLines(path.join(root, name)).length };
  }
  if (changed) writeIndex(root, index);
  return names.map((name) => ({ name, records: index[name]!.records }));
}

function jsonlFiles(root: string): string[] {
  if (!fs.existsSync(root)) return [];
  try {
    return fs
      .readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.split(path.sep).join('/'))
      .sort((a, b) => (a < b ? -1 : 1));
  } catch (cause) {
    throw fileError('read', root, cause);
  }
}

/** What is remembered; nothing where there is nothing, or nothing sensible. */
function readIndex(root: string): Index {
  try {
    return indexSchema.parse(JSON.parse(fs.readFileSync(path.join(root, INDEX_NAME), 'utf8'))).files;
  } catch {
    return {};
  }
}

/** Datasets in folders that cannot be written are counted anew each time. */
function writeIndex(root: string, files: Index): void {
  try {
    writeFileAtomic(path.join(root, INDEX_NAME), `${JSON.stringify({ version: 1, files })}\n`);
  } catch (error) {
    if (!(error instanceof VlaError)) throw error;
  }
}
