/**
 * @file What can be computed again from LIBERO's files, kept on disk by the hash of what it was made of: it may be deleted at any time,
 * and a damaged entry is made anew. Node only.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { writeFileAtomic } from '../../base/files.ts';
import { vlakitCache, type EnvironmentVariables } from '../../base/user-cache.ts';

/** Bytes of a SHA-256, which each entry begins with. */
const DIGEST = 32;

/** What an entry was made of: any change of it is another entry. */
export interface DerivedKey {
  /** What it is, for example "physics"; also the folder that it lies in. */
  readonly kind: string;
  /** Raised when the code that makes it changes what it makes. */
  readonly version: number;
  /** Texts and numbers, for example the composed XML and the hash of each file that it names. */
  readonly inputs: readonly (string | number)[];
}

/** A folder of derived bytes. Several processes may use it at once. */
export class DerivedCache {
  readonly folder: string;
  private refused = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The bytes of an entry, out of the folder or from `make`. Where the folder cannot be written, `make` is called each time. */
  get(key: DerivedKey, make: () => Uint8Array): Uint8Array {
    const file = this.fileOf(key);
    const found = readEntry(file);
    if (found !== null) return found;
    const bytes = make();
    if (this.refused) return bytes;
    try {
      writeFileAtomic(file, Buffer.concat([createHash('sha256').update(bytes).digest(), bytes]));
    } catch (cause) {
      // Without a cache everything works, only slower.
      this.refused = true;
      process.stderr.write(`cache: ${(cause as Error).message} Going on without it.\n`);
    }
    return bytes;
  }

  /** The same for text. */
  text(key: DerivedKey, make: () => string): string {
    return new TextDecoder().decode(this.get(key, () => new TextEncoder().encode(make())));
  }

  /** Where an entry lies. */
  fileOf({ kind, version, inputs }: DerivedKey): string {
    const hash = createHash('sha256')
      .update(JSON.stringify([kind, version, inputs]))
      .digest('hex');
    return path.join(this.folder, kind, hash);
  }
}

/** The user's folder of what was derived from LIBERO's files. */
export function liberoDerived(env: EnvironmentVariables = process.env): DerivedCache {
  return new DerivedCache(path.join(vlakitCache(env), 'libero-derived'));
}

/** The bytes of an entry; null where there is none, or a damaged one. */
function readEntry(file: string): Uint8Array | null {
  let all: Uint8Array;
  try {
    all = fs.readFileSync(file);
  } catch {
    return null;
  }
  const bytes = all.subarray(DIGEST);
  const digest = createHash('sha256').update(bytes).digest();
  return digest.equals(all.subarray(0, DIGEST)) ? bytes : null;
}
