/**
 * @file One file from a web server: bytes go to `<file>.incomplete`, a connection that breaks goes on where it was, and the file gets
 * its name only when its hash is right. Node only.
 */

import { createHash, type Hash } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { VlaError } from './errors.ts';
import { fileError } from './files.ts';

/** A file as its publisher lists it. */
export interface PublishedFile {
  readonly name: string;
  /** Null: unknown. */
  readonly bytes: number | null;
  /** 64 hexadecimal digits: SHA-256; 40: git's SHA-1 of a blob. */
  readonly hash: string;
}

/** How often a broken connection is taken up again, without a new byte in between, before giving up. */
const TRIES = 4;
const FIRST_PAUSE_MS = 250;

/** How a file is fetched. */
export interface FileRequest {
  /** Sends the request; rejects with `io` when trying again may help, with another error when it will not. */
  readonly get: (headers: Readonly<Record<string, string>>) => Promise<Response>;
  readonly file: PublishedFile;
  /** Where it goes; the folder is there. */
  readonly to: string;
  /** Who sends it, for messages: "hub". */
  readonly from: string;
  readonly signal?: AbortSignal;
  /** Told of every piece that arrived, in bytes; negative when what was there proved useless. */
  readonly onBytes: (bytes: number) => void;
}

/** Fetches a file, or the rest of one. Rejects with `io` (what arrived is kept) or `bad-data` (a wrong hash: it is not). */
export async function downloadFile(wanted: FileRequest): Promise<void> {
  const { file, to } = wanted;
  const partial = `${to}.incomplete`;
  const state = await resumeState(partial, file);
  wanted.onBytes(state.have);
  for (let failures = 0; !isWhole(state, file) || !fs.existsSync(partial);) {
    const before = state.have;
    try {
      await fetchRest(wanted, partial, state);
      if (isWhole(state, file)) break;
      throw new Error(`the connection ended after ${state.have} of ${file.bytes} bytes`);
    } catch (cause) {
      wanted.signal?.throwIfAborted();
      if (!isTransient(cause, to)) throw cause;
      failures = state.have > before ? 1 : failures + 1;
      if (failures >= TRIES) throw brokenOff(wanted, state.have, cause);
      await sleep(FIRST_PAUSE_MS * 2 ** failures);
    }
  }
  const got = state.hash?.digest('hex') ?? hashOf(fs.readFileSync(partial), file.hash);
  if (got !== file.hash || (file.bytes !== null && state.have !== file.bytes)) {
    fs.rmSync(partial, { force: true });
    const size = file.bytes === null ? '' : `${file.bytes} bytes of `;
    throw new VlaError(
      'bad-data',
      `${wanted.from}: ${file.name}: expected ${size}hash ${file.hash.slice(0, 12)}…, got ${state.have} of ${got.slice(0, 12)}….`,
      { hint: 'It was damaged on the way, and is deleted: run the same command again.' },
    );
  }
  fs.renameSync(partial, to);
}

/** Git's hash of a file's bytes, as 40 hexadecimal digits. */
export function gitBlobHash(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function hashOf(bytes: Uint8Array, like: string): string {
  return like.length === 64 ? createHash('sha256').update(bytes).digest('hex') : gitBlobHash(bytes);
}

interface State {
  have: number;
  /** Of what is there; null where the size must be known first. */
  hash: Hash | null;
  /** The server said that this is all. */
  ended: boolean;
}

const isWhole = ({ have, ended }: State, { bytes }: PublishedFile): boolean => (bytes === null ? ended : have >= bytes);

/** An empty hash of the kind that the file's hash is. */
function newHash({ hash, bytes }: PublishedFile): Hash | null {
  if (hash.length === 64) return createHash('sha256');
  return bytes === null ? null : createHash('sha1').update(`blob ${bytes}\0`);
}

/** What an earlier attempt left. */
async function resumeState(partial: string, file: PublishedFile): Promise<State> {
  const state: State = { have: 0, hash: newHash(file), ended: false };
  if (!fs.existsSync(partial)) return state;
  if (file.bytes !== null && fs.statSync(partial).size > file.bytes) {
    fs.rmSync(partial);
    return state;
  }
  for await (const piece of fs.createReadStream(partial)) {
    state.hash?.update(piece as Buffer);
    state.have += (piece as Buffer).length;
  }
  return state;
}

async function fetchRest(wanted: FileRequest, partial: string, state: State): Promise<void> {
  const { file, get, onBytes } = wanted;
  const response = await get(state.have > 0 ? { range: `bytes=${state.have}-` } : {});
  const continues = response.status === 206 && startOf(response) === state.have;
  if (!continues && state.have > 0) {
    // The server sends the whole file again, or refuses the range.
    onBytes(-state.have);
    Object.assign(state, { have: 0, hash: newHash(file), ended: false });
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
      state.hash?.update(piece);
      state.have += piece.length;
      onBytes(piece.length);
    }
    state.ended = true;
  } finally {
    await handle.close();
  }
}

function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

/** Whether trying again may help: a broken connection, in contrast to a refusal or a full disk. */
function isTransient(cause: unknown, to: string): boolean {
  const { code } = cause as { code?: string };
  if (cause instanceof VlaError) return cause.code === 'io';
  if (code !== undefined && ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EFBIG'].includes(code)) {
    throw fileError('write', to, cause);
  }
  return true;
}

function brokenOff({ file, from }: FileRequest, have: number, cause: unknown): VlaError {
  const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
  const size = file.bytes === null ? 'the whole file' : `${file.bytes} bytes`;
  return new VlaError('io', `${from}: ${file.name}: expected ${size}, got ${have} bytes (${reason}).`, {
    cause,
    hint: 'What arrived is kept: run the same command again to go on from there.',
  });
}
