/** @file LIBERO's files on this machine: the user's cache, or a folder that `VLAKIT_LIBERO` names. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { gitBlobHash } from '../../base/download-file.ts';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { vlakitCache, type EnvironmentVariables } from '../../base/user-cache.ts';
import type { LiberoFiles } from '../../simulation/libero/files.ts';
import { assetSet, measureFile, readRecord, type AssetEntry, type AssetRecord, type AssetSet } from './asset-record.ts';
import { publishedFiles, type LiberoFile, type SuiteName } from './published-files.ts';

/** The folder with the trees `LIBERO` and `robosuite`: `$VLAKIT_LIBERO`, else in vlakit's cache. */
export function liberoFolder(env: EnvironmentVariables): string {
  const named = env['VLAKIT_LIBERO'];
  return named === undefined || named === '' ? path.join(vlakitCache(env), 'libero') : path.resolve(named);
}

/** LIBERO's files, ready to be read. */
export interface LiberoAssets {
  readonly folder: string;
  /** Each read checks the file's hash. */
  readonly files: LiberoFiles;
  readonly set: AssetSet;
}

/**
 * Opens the files of some suites. Sizes are checked at once, hashes as files are read. A folder that `VLAKIT_LIBERO` names and that was
 * not pulled, for example with checkouts in it, is taken as it is and hashed now. Throws `not-found` where files are missing, and
 * `bad-data` where one has another size than when it was pulled.
 */
export function openLibero(suites: readonly SuiteName[], env: EnvironmentVariables = process.env): LiberoAssets {
  const folder = liberoFolder(env);
  const published = publishedFiles(suites);
  const record = readRecord(folder);
  const files = record?.files ?? measureTree(folder, publishedFiles());
  const missing = published.filter(({ name }) => files[name] === undefined);
  if (missing.length > 0) throw notPulled(folder, suites, missing.length, published.length, missing[0]!.name);
  if (record !== null) checkSizes(folder, published, files);
  return { folder, files: folderFiles(folder, files, record === null), set: assetSet(published, files) };
}

/** The hashes of all files anew, `onFile` after each: those that are damaged or gone, in words. */
export function verifyAssets(
  folder: string,
  { files }: Pick<AssetRecord, 'files'>,
  onFile: (done: number) => void = () => undefined,
): string[] {
  return Object.entries(files).flatMap(([name, expected], at) => {
    const found = measureFile(path.join(folder, name));
    onFile(at + 1);
    if (found === null) return [`${name}: missing`];
    return found.hash === expected.hash ? [] : [`${name}: expected hash ${expected.hash}, got ${found.hash}`];
  });
}

function measureTree(folder: string, published: readonly LiberoFile[]): Record<string, AssetEntry> {
  return Object.fromEntries(
    published.flatMap(({ name }) => {
      const found = measureFile(path.join(folder, name));
      return found === null ? [] : [[name, found] as const];
    }),
  );
}

function notPulled(folder: string, suites: readonly string[], missing: number, all: number, first: string): VlaError {
  const some = missing === all ? 'none' : `${all - missing} of ${all} files, without ${first}`;
  return new VlaError('not-found', `${folder}: expected the files of ${suites.join(', ')}, got ${some}.`, {
    hint: `Fetch them first: vlakit benchmark pull libero --suites ${suites.join(',')}`,
  });
}

function checkSizes(folder: string, published: readonly LiberoFile[], files: AssetRecord['files']): void {
  for (const { name } of published) {
    const expected = files[name]!.bytes;
    const got = fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.size;
    if (got !== expected)
      throw damaged(folder, name, `${expected} bytes`, got === undefined ? 'no file' : `${got} bytes`);
  }
}

function folderFiles(folder: string, files: AssetRecord['files'], others: boolean): LiberoFiles {
  const at = (name: string): string => path.join(folder, name);
  return {
    has: (name) => files[name] !== undefined || (others && fs.existsSync(at(name))),
    read(name) {
      const expected = files[name];
      if (expected === undefined && !others) {
        throw new VlaError('not-found', `${folder}: expected ${name}, got no such file among those that were pulled.`, {
          hint: 'A task of another suite needs that suite’s files: vlakit benchmark pull libero --suites …',
        });
      }
      let bytes: Uint8Array;
      try {
        bytes = fs.readFileSync(at(name));
      } catch (cause) {
        if (expected !== undefined) throw damaged(folder, name, `hash ${expected.hash}`, 'no file that can be read');
        throw fileError('read', at(name), cause);
      }
      const hash = expected === undefined ? null : gitBlobHash(bytes);
      if (hash !== null && hash !== expected!.hash) throw damaged(folder, name, `hash ${expected!.hash}`, hash);
      return bytes;
    },
  };
}

function damaged(folder: string, name: string, expected: string, got: string): VlaError {
  return new VlaError('bad-data', `${path.join(folder, name)}: expected ${expected}, got ${got}.`, {
    hint: 'Run `vlakit benchmark pull libero` again: it fetches what is damaged or missing, and nothing else.',
  });
}
