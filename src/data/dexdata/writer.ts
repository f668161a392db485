/** @file Writes Dexdata files: pictures first, then their JSONL file at once, so that a file that is there is whole. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError, writeFileAtomic } from '../../base/files.ts';
import type { Image } from '../../interfaces/observation.ts';
import { encodePng } from '../../base/png.ts';
import { formatRecord, type DexRecord } from './record.ts';

/** Writes one JSONL file `name` (below `root`, forward slashes); all its records should have the same fields, as DM0's code expects. */
export function writeRecords(root: string, name: string, records: readonly DexRecord[]): void {
  const file = inside(root, name);
  const lines = records.map((record, i) => {
    try {
      return `${formatRecord(record)}\n`;
    } catch (error) {
      if (!(error instanceof VlaError)) throw error;
      throw new VlaError(error.code, `${name}, record ${i}: ${error.message}`, { hint: error.hint!, cause: error });
    }
  });
  writeFileAtomic(file, lines.join(''));
}

/** Writes a picture as PNG and gives the reference for a record. Write the records that name it afterwards. */
export function writePicture(
  root: string,
  url: string,
  image: Image,
): Extract<DexRecord['images'][string], { type: 'image' }> {
  return writeEncodedPicture(root, url, encodePng(image));
}

/** The same for a picture that is encoded already. */
export function writeEncodedPicture(
  root: string,
  url: string,
  bytes: Uint8Array,
): Extract<DexRecord['images'][string], { type: 'image' }> {
  const file = inside(root, url);
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, bytes);
  } catch (cause) {
    throw fileError('write', file, cause);
  }
  return { type: 'image', url };
}

function inside(root: string, name: string): string {
  const file = path.resolve(root, name);
  if (file.startsWith(path.resolve(root) + path.sep)) return file;
  throw new VlaError('bad-argument', `Dexdata: expected a name inside ${root}, got "${name}".`, {
    hint: 'Give names below the dataset’s folder, with forward slashes.',
  });
}
