/** @file A model from a hub into the shared cache: the list of files, those that are missing, a snapshot of links. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { VlaError } from '../../base/errors.ts';
import { downloadFile, type PublishedFile } from '../../base/download-file.ts';
import { fileError } from '../../base/files.ts';
import { lockFolder } from '../../base/folder-lock.ts';
import { inParallel } from '../../base/in-parallel.ts';
import { startProgress, type Progress } from '../../base/progress.ts';
import type { EnvironmentVariables } from '../../base/user-cache.ts';
import { cacheFolder, repositoryCache, type RepositoryCache } from './cache-folder.ts';
import type { HubRepository } from './repository.ts';
import { hubGet, hubOf, Unreachable, type Hub } from './request.ts';

/** What of a repository a model needs: weights as safetensors, JSON, texts. Never pickles or code. */
const WANTED = /\.(safetensors|json|jsonl|txt|jinja|model|md|ya?ml)$/;
const FILES_AT_ONCE = 4;
const MEGABYTE = 1e6;

/** A file as the hub lists it; its hash is also its name in the cache. */
interface HubFile extends PublishedFile {
  readonly bytes: number;
}

/** How to fetch. */
export interface DownloadOptions {
  /** Default: this process's. */
  readonly env?: EnvironmentVariables;
  readonly signal?: AbortSignal;
  /** Which files, by name; default: all that a model needs. */
  readonly wanted?: RegExp;
  /** Starts the display of progress (megabytes); default: a bar on standard error. */
  readonly progress?: (label: string, totalMegabytes: number) => Progress;
}

/**
 * The folder of a model's snapshot in the cache, complete. Files that are there are not fetched again. With `HF_HUB_OFFLINE`, or
 * when the hub cannot be reached, a snapshot that an earlier download completed is used as it is.
 */
export async function downloadModel(repository: HubRepository, options: DownloadOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const cache = repositoryCache(cacheFolder(env), repository);
  if (/^(1|true|yes|on)$/i.test(env['HF_HUB_OFFLINE'] ?? '')) {
    const kept = cachedSnapshot(cache, repository);
    if (kept !== null) return kept;
    throw new VlaError('not-found', `hub: expected ${repository.id} in ${cache.folder} (offline), got none.`, {
      hint: 'Unset HF_HUB_OFFLINE to fetch it, or check HF_HOME and the revision.',
    });
  }
  const hub = hubOf(env);
  try {
    return await fetchSnapshot(hub, repository, cache, options);
  } catch (cause) {
    if (!(cause instanceof Unreachable)) throw cause;
    const kept = cachedSnapshot(cache, repository);
    if (kept === null) throw cause;
    process.stderr.write(`hub: ${hub.endpoint} cannot be reached: using the snapshot in the cache\n`);
    return kept;
  }
}

/** The snapshot of a revision when all that it links to is there; null otherwise. */
function cachedSnapshot(cache: RepositoryCache, { revision }: HubRepository): string | null {
  const commit = cache.commit(revision);
  if (commit === null || !fs.existsSync(cache.snapshot(commit))) return null;
  const folder = cache.snapshot(commit);
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.length > 0 && names.every((name) => fs.existsSync(path.join(folder, name))) ? folder : null;
}

async function fetchSnapshot(
  hub: Hub,
  repository: HubRepository,
  cache: RepositoryCache,
  options: DownloadOptions,
): Promise<string> {
  const { commit, files } = await listFiles(hub, repository, options.signal);
  const release = lockFolder(cache.locks);
  try {
    return await fetchFiles(hub, repository, cache, commit, files, options);
  } finally {
    release();
  }
}

async function fetchFiles(
  hub: Hub,
  repository: HubRepository,
  cache: RepositoryCache,
  commit: string,
  files: readonly HubFile[],
  { signal, wanted = WANTED, progress = progressBar }: DownloadOptions,
): Promise<string> {
  const chosen = files.filter(({ name }) => wanted.test(name));
  const total = chosen.reduce((sum, { bytes }) => sum + bytes, 0) / MEGABYTE;
  let done = 0;
  const bar = progress('fetch', Math.round(total));
  const onBytes = (bytes: number): void => {
    done += bytes;
    bar.update(Math.round(done / MEGABYTE), repository.id);
  };
  try {
    fs.mkdirSync(path.dirname(cache.blob('x')), { recursive: true });
  } catch (cause) {
    throw fileError('write', cache.folder, cause);
  }
  await inParallel(chosen, FILES_AT_ONCE, async (file) => {
    const blob = cache.blob(file.hash);
    if (fs.existsSync(blob)) onBytes(file.bytes);
    else {
      const at = file.name.split('/').map(encodeURIComponent).join('/');
      const abort = signal === undefined ? {} : { signal };
      const request = { repository, what: file.name, ...abort };
      const get = (headers: Readonly<Record<string, string>>): Promise<Response> =>
        hubGet(hub, `/${repository.id}/resolve/${commit}/${at}`, { ...request, headers });
      await downloadFile({ get, file, to: blob, from: 'hub', onBytes, ...abort });
    }
  });
  // Links come last: a snapshot with links is a complete one.
  for (const { name, hash } of chosen) cache.link(commit, name, hash);
  cache.writeRef(repository.revision, commit);
  bar.finish(`${repository.id}: ${chosen.length} files, ${Math.round(total)} MB`);
  return cache.snapshot(commit);
}

/** What the hub says about a revision (`/api/models/<id>/revision/<revision>?blobs=true`). */
interface ModelInfo {
  readonly sha?: string;
  readonly siblings?: readonly {
    readonly rfilename: string;
    readonly size?: number;
    readonly blobId?: string;
    readonly lfs?: { readonly sha256: string; readonly size: number };
  }[];
}

async function listFiles(
  hub: Hub,
  repository: HubRepository,
  signal: AbortSignal | undefined,
): Promise<{ commit: string; files: HubFile[] }> {
  const at = `/api/models/${repository.id}/revision/${encodeURIComponent(repository.revision)}?blobs=true`;
  const request = { repository, what: 'the list of files', ...(signal === undefined ? {} : { signal }) };
  const info = (await (await hubGet(hub, at, request)).json()) as ModelInfo;
  const files = (info.siblings ?? []).map(({ rfilename, size, blobId, lfs }) => ({
    name: rfilename,
    bytes: lfs?.size ?? size ?? Number.NaN,
    hash: lfs?.sha256 ?? blobId ?? '',
  }));
  const bad = files.find(
    ({ name, bytes, hash }) =>
      !Number.isSafeInteger(bytes) || !/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash) || !isPlainPath(name),
  );
  if (!/^[0-9a-f]{40}$/.test(info.sha ?? '') || files.length === 0 || bad !== undefined) {
    const what = bad === undefined ? 'none' : JSON.stringify(bad);
    throw new VlaError('bad-data', `hub: ${hub.endpoint}${at}: expected a commit and files with hashes, got ${what}.`, {
      hint: 'HF_ENDPOINT may not be a Hugging Face hub.',
    });
  }
  return { commit: info.sha!, files };
}

/** A relative path that stays inside its folder. */
const isPlainPath = (name: string): boolean =>
  !path.posix.isAbsolute(name) && !name.includes('\\') && !name.split('/').some((part) => /^\.{0,2}$/.test(part));

function progressBar(label: string, total: number): Progress {
  return startProgress({ label, total, unit: 'MB' });
}
