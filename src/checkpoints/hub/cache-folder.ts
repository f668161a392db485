/**
 * @file The download cache that Python's huggingface_hub keeps, so that both find what the other fetched:
 * `models--owner--name/{blobs/<hash>, refs/<revision>, snapshots/<commit>/<file> → ../../blobs/<hash>}`. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { userCache, type EnvironmentVariables } from '../../base/user-cache.ts';
import type { HubRepository } from './repository.ts';

const hubHome = (env: EnvironmentVariables): string => env['HF_HOME'] ?? path.join(userCache(env), 'huggingface');

/** The cache: `$HF_HUB_CACHE`, `$HUGGINGFACE_HUB_CACHE`, `$HF_HOME/hub`, else below the user's cache folder. */
export function cacheFolder(env: EnvironmentVariables): string {
  return env['HF_HUB_CACHE'] ?? env['HUGGINGFACE_HUB_CACHE'] ?? path.join(hubHome(env), 'hub');
}

/** The access token: `$HF_TOKEN`, or what `hf auth login` saved; null for none. */
export function hubToken(env: EnvironmentVariables): string | null {
  const given = env['HF_TOKEN']?.trim();
  if (given !== undefined && given !== '') return given;
  const file = env['HF_TOKEN_PATH'] ?? path.join(hubHome(env), 'token');
  const saved = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : '';
  return saved === '' ? null : saved;
}

/** The places of one repository in a cache. */
export interface RepositoryCache {
  readonly folder: string;
  /** The folder of its locks. */
  readonly locks: string;
  blob(hash: string): string;
  snapshot(commit: string): string;
  /** The commit that a revision meant when it was last fetched; a full commit is its own; null when unknown. */
  commit(revision: string): string | null;
  writeRef(revision: string, commit: string): void;
  /** Makes `<snapshot>/<file>` a link to the blob; where links cannot be made (Windows), another name or a copy of it. */
  link(commit: string, file: string, hash: string): void;
}

/** The cache of `id` below `cache`. Nothing is made before it is written. */
export function repositoryCache(cache: string, { id }: Pick<HubRepository, 'id'>): RepositoryCache {
  const name = `models--${id.replaceAll('/', '--')}`;
  const folder = path.join(cache, name);
  const refFile = (revision: string): string => path.join(folder, 'refs', revision);
  const blob = (hash: string): string => path.join(folder, 'blobs', hash);
  const snapshot = (commit: string): string => path.join(folder, 'snapshots', commit);
  return {
    folder,
    locks: path.join(cache, '.locks', name),
    blob,
    snapshot,
    commit(revision) {
      if (/^[0-9a-f]{40}$/.test(revision)) return revision;
      const file = refFile(revision);
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : null;
    },
    writeRef(revision, commit) {
      if (revision === commit) return;
      fs.mkdirSync(path.dirname(refFile(revision)), { recursive: true });
      fs.writeFileSync(refFile(revision), commit);
    },
    link(commit, file, hash) {
      const at = path.join(snapshot(commit), file);
      fs.mkdirSync(path.dirname(at), { recursive: true });
      fs.rmSync(at, { force: true });
      try {
        fs.symlinkSync(path.relative(path.dirname(at), blob(hash)), at);
      } catch {
        linkOrCopy(blob(hash), at);
      }
    },
  };
}

function linkOrCopy(from: string, to: string): void {
  try {
    fs.linkSync(from, to);
  } catch {
    fs.copyFileSync(from, to);
  }
}
