/** @file What kept features depend on, as one hash: weights, codec, data, and how they are kept. Node only. */

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { LeRobotDataset } from '../../data/lerobot/reader.ts';
import type { LearnerOptions } from '../graph-learner.ts';

/** SHA-256 of weights by name, their content included. */
export function hashWeights(names: Iterable<string>, { weights = {}, weightFolder = '' }: Frozen): string {
  const hash = createHash('sha256');
  for (const name of [...names].sort()) {
    const content = weights[name]!;
    hash.update(`${name} ${content.dtype} ${content.shape.join()} `);
    if ('file' in content) hashRange(hash, path.join(weightFolder, content.file), content.offset, content.length);
    else hash.update(new Uint8Array(content.data.buffer, content.data.byteOffset, content.data.byteLength));
  }
  return hash.digest('hex');
}

type Frozen = NonNullable<LearnerOptions['frozen']>;

function hashRange(hash: Hash, file: string, offset: number, length: number): void {
  const handle = fs.openSync(file, 'r');
  try {
    const buffer = new Uint8Array(1 << 20);
    for (let done = 0; done < length;) {
      const count = fs.readSync(handle, buffer, 0, Math.min(buffer.length, length - done), offset + done);
      if (count === 0) return;
      hash.update(buffer.subarray(0, count));
      done += count;
    }
  } finally {
    fs.closeSync(handle);
  }
}

/** The files of a dataset by name, size and time of change: another recording in the same folder is another dataset. */
export function datasetFiles({ root }: LeRobotDataset): readonly string[] {
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort()
    .map((file) => {
      const { size, mtimeMs } = fs.statSync(file);
      return `${path.relative(root, file)} ${size} ${mtimeMs}`;
    });
}

/** The name of a folder for what `content` describes. */
export const featureKey = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
