/**
 * @file One file from a hub into the cache's blobs: bytes go to `<hash>.incomplete`, a connection that breaks goes on where it
 * was, and the file gets its name only when its hash is right. Node only.
 */

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import { hubGet, type Hub, type HubRequest } from './request.ts';

/** A file as the hub lists it. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  /** 64 hexadecimal digits: SHA-256 (large files); 40: git's SHA-1 of a blob. Also the name in the cache. */
  readonly hash: string;
}

/** How often a broken connection is taken up again, without a new byte in between, before giving up. */
const TRIES = 4;
const FIRST_PAUSE_MS = 250;

/** How a file is fetched. */
export interface BlobRequest {
  readonly hub: Hub;
  /** Path on the hub. */
  readonly path: string;
  readonly file: HubFile;
  /** Where it goes. */
  readonly blob: string;
  readonly request: Omit<HubRequest, 'headers'>;
  /** Told of every piece that arrived, in bytes; negative when what was there proved useless. */
  readonly onBytes: (bytes: number) => void;
}

/** Fetches a file, or the rest of one. Rejects with `io` (what arrived is kept) or `bad-data` (a wrong hash: it is not). */
export async function downloadBlob(wanted: BlobRequest): Promise<void> {
  const { file, blob } = wanted;
  const partial = `${blob}.incomplete`;
  const state = await resumeState(partial, file);
  wanted.onBytes(state.have);
  for (let failures = 0; state.have < file.bytes || !fs.existsSync(partial);) {
    const before = state.have;
    try {
      await fetchRest(wanted, partial, state);
      if (state.have >= file.bytes) break;
      throw new Error(`the connection ended after ${state.have} of ${file.bytes} bytes`);
    } catch (cause) {
      wanted.request.signal?.throwIfAborted();
      if (!isTransient(cause)) throw cause;
      failures = state.have > before ? 1 : failures + 1;
      if (failures >= TRIES) throw brokenOff(file, state.have, cause);
      await sleep(FIRST_PAUSE_MS * 2 ** failures);
    }
  }
  const got = state.hash.digest('hex');
  if (got !== file.hash || state.have !== file.bytes) {
    fs.rmSync(partial, { force: true });
    throw new VlaError(
      'bad-data',
      `hub: ${file.name}: expected ${file.bytes} bytes of hash ${file.hash.slice(0, 12)}…, got ${state.have} of ${got.slice(0, 12)}….`,
      { hint: 'It was damaged on the way, and is deleted: run the same command again.' },
    );
  }
  fs.renameSync(partial, blob);
}

interface State {
  have: number;
  hash: Hash;
}

/** An empty hash of the kind that the file's hash is. */
function newHash({ hash, bytes }: HubFile): Hash {
  return hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`);
}

/** What an earlier attempt left. */
async function resumeState(partial: string, file: HubFile): Promise<State> {
  const state = { have: 0, hash: newHash(file) };
  if (!fs.existsSync(partial)) return state;
  if (fs.statSync(partial).size > file.bytes) {
    fs.rmSync(partial);
    return state;
  }
  for await (const piece of fs.createReadStream(partial)) {
    state.hash.update(piece as Buffer);
    state.have += (piece as Buffer).length;
  }
  return state;
}

async function fetchRest(wanted: BlobRequest, partial: string, state: State): Promise<void> {
  const { hub, path, file, request, onBytes } = wanted;
  const headers = state.have > 0 ? { range: `bytes=${state.have}-` } : {};
  const response = await hubGet(hub, path, { ...request, headers });
  const continues = response.status === 206 && startOf(response) === state.have;
  if (!continues && state.have > 0) {
    // The server sends the whole file again, or refuses the range.
    onBytes(-state.have);
    Object.assign(state, { have: 0, hash: newHash(file) });
    fs.rmSync(partial, { force: true });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`the server refused to go on (HTTP ${response.status})`);
    }
  }
  const handle = await fs.promises.open(partial, 'a');
  try {
    // One piece after the other, so that what is counted is what is on disk when the connection breaks.
    for await (const piece of response.body ?? []) {
      await handle.writeFile(piece);
      state.hash.update(piece);
      state.have += piece.length;
      onBytes(piece.length);
    }
  } finally {
    await handle.close();
  }
}

function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

/** Whether trying again may help: a broken connection, in contrast to a refusal or a full disk. */
function isTransient(cause: unknown): boolean {
  const { code } = cause as { code?: string };
  if (cause instanceof VlaError) return cause.code === 'io';
  if (code !== undefined && ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EFBIG'].includes(code)) {
    throw fileError('write', 'the download cache', cause);
  }
  return true;
}

function brokenOff(file: HubFile, have: number, cause: unknown): VlaError {
  const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
  return new VlaError('io', `hub: ${file.name}: expected ${file.bytes} bytes, got ${have} (${reason}).`, {
    cause,
    hint: 'What arrived is kept: run the same command again to go on from there.',
  });
}
