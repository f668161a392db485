/** @file Where LIBERO's files come from: GitHub at fixed commits, a mirror of the assets, or folders on this machine. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { downloadFile } from '../../base/download-file.ts';
import { VlaError } from '../../base/errors.ts';
import { writeFileAtomic } from '../../base/files.ts';
import type { EnvironmentVariables } from '../../base/user-cache.ts';
import { measureFile, type AssetEntry } from './asset-record.ts';
import { ASSETS, ASSETS_MIRROR, ORIGINS, type LiberoFile } from './published-files.ts';

/** Brings one file to its place. */
export interface AssetSource {
  /** Resolves with what arrived; rejects when the file cannot be had, or is not as published and may not be. */
  fetch(file: LiberoFile, to: string, options: FetchOptions): Promise<AssetEntry>;
}

/** What a source is told beside the file. */
export interface FetchOptions {
  readonly signal?: AbortSignal;
  /** Told of bytes as they come; negative when some proved useless. */
  readonly onBytes: (bytes: number) => void;
}

/** Where files may be had over the network, in the order in which they are tried. */
function addresses(name: string, env: EnvironmentVariables): string[] {
  const github = endpoint(env['VLAKIT_GITHUB_ENDPOINT'], 'https://raw.githubusercontent.com');
  const origin = ORIGINS.find(({ tree }) => name.startsWith(`${tree}/`))!;
  const encoded = (inside: string): string => inside.split('/').map(encodeURIComponent).join('/');
  const first = `${github}/${origin.repository}/${origin.commit}/${encoded(name.slice(origin.tree.length + 1))}`;
  if (!name.startsWith(ASSETS)) return [first];
  const { dataset, commit } = ASSETS_MIRROR;
  const hub = endpoint(env['HF_ENDPOINT'], 'https://huggingface.co');
  return [first, `${hub}/datasets/${dataset}/resolve/${commit}/${encoded(name.slice(ASSETS.length))}`];
}

const endpoint = (given: string | undefined, usual: string): string => (given?.trim() || usual).replace(/\/+$/, '');

/**
 * The publishers' servers. `$VLAKIT_GITHUB_ENDPOINT` stands for raw.githubusercontent.com and `$HF_ENDPOINT` for huggingface.co. What
 * comes must have the published hash, whichever server sends it.
 */
export function networkSource(env: EnvironmentVariables): AssetSource {
  return {
    async fetch(file, to, { signal, onBytes }) {
      const tried = addresses(file.name, env);
      for (const [at, url] of tried.entries()) {
        try {
          const get = (headers: Readonly<Record<string, string>>): Promise<Response> => request(url, headers, signal);
          await downloadFile({ get, file, to, from: new URL(url).host, onBytes, ...(signal && { signal }) });
          return { bytes: fs.statSync(to).size, hash: file.hash };
        } catch (cause) {
          signal?.throwIfAborted();
          if (at === tried.length - 1 || !(cause instanceof VlaError)) throw cause;
        }
      }
      throw new Error('unreachable');
    },
  };
}

async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { 'user-agent': 'vlakit', 'accept-encoding': 'identity', ...headers },
      ...(signal && { signal }),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    throw new VlaError('io', `${url}: expected an answer, got none (${reason}).`, {
      cause,
      hint: 'Check the network (Node’s fetch reads no proxy settings), or copy from folders: --from.',
    });
  }
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  const busy = response.status === 429 || response.status >= 500;
  throw new VlaError(busy ? 'io' : 'not-found', `${url}: expected the file, got HTTP ${response.status}.`, {
    hint: busy
      ? 'Wait a minute and run the same command again: what was fetched is kept.'
      : 'Copy from folders instead: --from.',
  });
}

/**
 * Folders on this machine, each one of: trees `LIBERO` and `robosuite` side by side; a checkout of either; an installed package of either;
 * a copy of the assets alone. Files must be as published unless `allowChanged`.
 */
export function folderSource(folders: readonly string[], allowChanged: boolean): AssetSource {
  for (const folder of folders) {
    if (fs.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) continue;
    throw new VlaError('not-found', `--from: expected a folder, got ${folder}.`, { hint: 'Check the path.' });
  }
  return {
    async fetch(file, to, { onBytes }) {
      const found = findFile(folders, file);
      if (found === null) {
        throw new VlaError('not-found', `${folders.join(', ')}: expected ${file.name}, got no such file.`, {
          hint: 'Name more folders (--from may be repeated) or fewer suites (--suites).',
        });
      }
      if (found.entry.hash !== file.hash && !allowChanged) {
        throw new VlaError('bad-data', `${found.at}: expected hash ${file.hash}, got ${found.entry.hash}.`, {
          hint: 'The file is not as published. With --allow-changed it is taken all the same, and results say so.',
        });
      }
      writeFileAtomic(to, fs.readFileSync(found.at));
      onBytes(found.entry.bytes);
      return found.entry;
    },
  };
}

/** The published file where there is one, else the first of its name. */
function findFile(folders: readonly string[], file: LiberoFile): { at: string; entry: AssetEntry } | null {
  let other: { at: string; entry: AssetEntry } | null = null;
  for (const at of folders.flatMap((folder) => places(file.name).map((place) => path.join(folder, place)))) {
    const entry = measureFile(at);
    if (entry?.hash === file.hash) return { at, entry };
    if (entry !== null) other ??= { at, entry };
  }
  return other;
}

/** `LIBERO/libero/libero/assets/x`, `libero/libero/assets/x` … `assets/x`, and for assets `x`. */
function places(name: string): string[] {
  const parts = name.split('/');
  const last = parts.findIndex((part) => ['assets', 'bddl_files', 'init_files'].includes(part));
  const depth = parts[last] === 'assets' ? last + 1 : last;
  return Array.from({ length: depth + 1 }, (_, drop) => parts.slice(drop).join('/'));
}
