/** @file What lies in a folder of LIBERO's files: each file's size and hash, and which licences were accepted for it. Node only. */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { gitBlobHash } from '../../base/download-file.ts';
import { VlaError } from '../../base/errors.ts';
import { fileError, readJson, writeFileAtomic } from '../../base/files.ts';
import type { LiberoFile } from './published-files.ts';

const recordSchema = z.object({
  schema: z.literal(1),
  licences: z.array(z.string()),
  files: z.record(z.string(), z.object({ bytes: z.number().int().nonnegative(), hash: z.string().length(40) })),
});

/** Files by their paths, sizes in bytes, git's hashes. */
export type AssetRecord = Readonly<z.infer<typeof recordSchema>>;

/** One file's line. */
export type AssetEntry = AssetRecord['files'][string];

/** A record of nothing. */
export const EMPTY_RECORD: AssetRecord = { schema: 1, licences: [], files: {} };

/** The record's file in its folder. */
export const recordFile = (folder: string): string => path.join(folder, 'vlakit.json');

/** The folder's record; null where there is none. Throws `bad-data` for one that is damaged. */
export function readRecord(folder: string): AssetRecord | null {
  const file = recordFile(folder);
  if (!fs.existsSync(file)) return null;
  const parsed = recordSchema.safeParse(readJson(file));
  if (parsed.success) return parsed.data;
  throw new VlaError(
    'bad-data',
    `${file}: expected the record of pulled files, got ${parsed.error.issues[0]!.message}.`,
    {
      hint: 'Delete it, and run `vlakit benchmark pull libero` again: files that are right are kept.',
    },
  );
}

/** Writes the record, sorted by path. */
export function writeRecord(folder: string, { licences, files }: AssetRecord): void {
  const sorted = Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify({ schema: 1, licences: [...licences].sort(), files: sorted }, null, 1);
  writeFileAtomic(recordFile(folder), `${text}\n`);
}

/** Size and hash of the bytes of a file; null where there is none. */
export function measureFile(file: string): AssetEntry | null {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw fileError('read', file, cause);
  }
  return { bytes: bytes.length, hash: gitBlobHash(bytes) };
}

/** Which files a benchmark runs on, for its result. */
export interface AssetSet {
  /** SHA-256 over the paths and hashes. */
  readonly sha256: string;
  readonly files: number;
  /** The files that are not as published: other textures, stand-ins. Empty: the published set. */
  readonly changed: readonly string[];
}

/** Sums up the files that tasks use. */
export function assetSet(published: readonly LiberoFile[], files: AssetRecord['files']): AssetSet {
  const hash = createHash('sha256');
  for (const { name } of published) hash.update(`${name} ${files[name]?.hash ?? 'missing'}\n`);
  return {
    sha256: hash.digest('hex'),
    files: published.length,
    changed: published.filter(({ name, hash: expected }) => files[name]?.hash !== expected).map(({ name }) => name),
  };
}
