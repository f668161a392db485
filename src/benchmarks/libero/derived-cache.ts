/**
 * @file What can be computed again from LIBERO's files, kept on disk by the hash of what it was made of: it may be deleted at any time,
 * and a damaged entry is made anew. Node only.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import zlib from 'node:zlib';
import { writeFileAtomic } from '../../base/files.ts';
import { vlakitCache, type EnvironmentVariables } from '../../base/user-cache.ts';
import type { DerivedKey, DerivedStore } from '../../simulation/libero/derived-store.ts';
import { installedVersion } from '../provenance.ts';

/** Bytes of a SHA-256, which each entry begins with. */
const DIGEST = 32;
/** Bytes on disk from which on the entries that were not used for longest are deleted: 130 tasks take less than half of it. */
const MOST_BYTES = 2 ** 30;

/** A folder of derived bytes, compressed. Several processes and threads may use it at once. */
export class DerivedCache implements DerivedStore {
  readonly folder: string;
  private readonly makers: readonly string[];
  private readonly mostBytes: number;
  private refused = false;

  /** `makers`: with what entries are made, for example versions of packages; others' entries are not used. */
  constructor(folder: string, makers: readonly string[] = [], mostBytes: number = MOST_BYTES) {
    [this.folder, this.makers, this.mostBytes] = [folder, makers, mostBytes];
  }

  /** The bytes of an entry, out of the folder or from `make`. Where the folder cannot be written, `make` is called each time. */
  get(key: DerivedKey, make: () => Uint8Array): Uint8Array {
    const file = this.fileOf(key);
    const found = readEntry(file);
    if (found !== null) return found;
    const bytes = make();
    if (this.refused) return bytes;
    try {
      const packed = zlib.deflateSync(bytes);
      writeFileAtomic(file, Buffer.concat([sha256(packed), packed]));
      this.dropOldest();
    } catch (cause) {
      // Without a cache everything works, only slower.
      this.refused = true;
      process.stderr.write(`cache: ${(cause as Error).message} Going on without it.\n`);
    }
    return bytes;
  }

  /** Where an entry lies. */
  fileOf({ kind, version, inputs }: DerivedKey): string {
    const hashed = inputs.map((input) =>
      input instanceof Uint8Array ? { sha256: sha256(input).toString('hex') } : input,
    );
    const text = JSON.stringify([kind, version, this.makers, hashed]);
    return path.join(this.folder, kind, sha256(text).toString('hex'));
  }

  private dropOldest(): void {
    const entries = fs.readdirSync(this.folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const stat = entry.isFile() ? fs.statSync(file, { throwIfNoEntry: false }) : undefined;
      return stat === undefined ? [] : [{ file, bytes: stat.size, used: stat.mtimeMs }];
    });
    let total = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { file, bytes } of entries.toSorted((a, b) => a.used - b.used)) {
      if (total <= this.mostBytes) return;
      fs.rmSync(file, { force: true });
      total -= bytes;
    }
  }
}

/** The user's folder of what was derived from LIBERO's files. */
export function liberoDerived(env: EnvironmentVariables = process.env): DerivedCache {
  const simplifier = installedVersion(createRequire(import.meta.url), 'meshoptimizer') ?? '';
  return new DerivedCache(path.join(vlakitCache(env), 'libero-derived'), [`meshoptimizer ${simplifier}`]);
}

/** The bytes of an entry; null where there is none, or a damaged one. */
function readEntry(file: string): Uint8Array | null {
  let all: Uint8Array;
  try {
    all = fs.readFileSync(file);
  } catch {
    return null;
  }
  const packed = all.subarray(DIGEST);
  if (!sha256(packed).equals(all.subarray(0, DIGEST))) return null;
  markUsed(file);
  return zlib.inflateSync(packed);
}

function markUsed(file: string): void {
  try {
    const now = new Date();
    fs.utimesSync(file, now, now);
  } catch {
    // Another process has just deleted it, or it belongs to somebody else.
  }
}

function sha256(data: Uint8Array | string): Buffer {
  return createHash('sha256').update(data).digest();
}
