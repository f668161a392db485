/** @file Writing files so that nothing half-written looks whole: a temporary name first, then a rename. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { isMainThread, threadId } from 'node:worker_threads';
import { VlaError } from './errors.ts';

/** Turns a file-system error into one that says what to do. */
export function fileError(where: string, file: string, cause: unknown): VlaError {
  if (cause instanceof VlaError) return cause;
  const reason = whyNoFolder(cause) ?? cause;
  const code = (reason as NodeJS.ErrnoException | undefined)?.code;
  const hints: Record<string, string> = {
    ENOSPC: 'The disk is full: free some space, or choose another folder.',
    EDQUOT: 'Your disk quota is used up: free some space, or choose another folder.',
    EACCES: 'You may not write there: choose another folder or change its permissions.',
    EPERM: 'You may not write there: choose another folder or change its permissions.',
    EROFS: 'That folder is read-only: choose another one.',
    ENOENT: 'Check the path.',
    ENOTDIR: 'A part of the path is a file, not a folder: check the path.',
    EEXIST: 'A file lies where a folder is needed: choose another path.',
    EISDIR: 'A folder lies where a file is needed: choose another path.',
    EMFILE: 'Too many open files: raise `ulimit -n`.',
  };
  const text = reason instanceof Error ? reason.message : String(reason);
  const hint = code === undefined ? undefined : hints[code];
  return new VlaError(code === 'ENOENT' ? 'not-found' : 'io', `${where}: ${file}: ${text}.`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/**
 * `mkdir` with `recursive` says ENOENT where the folder above is read-only or not ours (seen with Node 20): asks that
 * folder itself. Undefined where this is not what happened.
 */
function whyNoFolder(cause: unknown): unknown {
  const { code, syscall, path: folder } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code !== 'ENOENT' || syscall !== 'mkdir' || folder === undefined) return undefined;
  let above = path.resolve(folder);
  while (!fs.existsSync(above) && above !== path.dirname(above)) above = path.dirname(above);
  try {
    fs.accessSync(above, fs.constants.W_OK);
    return undefined;
  } catch (better) {
    return better;
  }
}

/** Makes `folder` when needed and tries to write there; for commands that work long before they write. */
export function requireWritableFolder(folder: string): void {
  const file = path.join(folder, `.vlakit-trial.${process.pid}`);
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(file, 'x');
    fs.rmSync(file);
  } catch (cause) {
    removeQuietly(file);
    throw fileError('write', folder, cause);
  }
}

/**
 * Writes `content` to `file` atomically (temporary name, fsync, rename); makes the folder when needed. Of several processes and threads that
 * write the same file at once, the last one's content stays.
 */
export function writeFileAtomic(file: string, content: string | Uint8Array): void {
  const temporary = `${file}.${process.pid}${isMainThread ? '' : `-${threadId}`}.tmp`;
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    const handle = fs.openSync(temporary, 'w');
    try {
      fs.writeFileSync(handle, content);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, file);
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError('write', file, cause);
  }
}

/**
 * Fills a folder atomically: `fill` writes into a temporary sibling, which is renamed to `folder` when it is done.
 * An existing `folder` is replaced. On failure nothing is left and the old folder stays.
 */
export async function writeFolderAtomic(
  folder: string,
  fill: (temporary: string) => Promise<void> | void,
): Promise<void> {
  const temporary = `${folder}.${process.pid}.tmp`;
  try {
    recoverFolder(folder);
    fs.mkdirSync(temporary, { recursive: true });
    await fill(temporary);
    const old = `${folder}.${process.pid}.old`;
    const replaced = fs.existsSync(folder);
    if (replaced) fs.renameSync(folder, old);
    fs.renameSync(temporary, folder);
    if (replaced) fs.rmSync(old, { recursive: true, force: true });
  } catch (cause) {
    removeQuietly(temporary);
    throw fileError('write', folder, cause);
  }
}

/**
 * Puts in order what a killed `writeFolderAtomic` left: `folder` is the old or the new one, whole, and its temporary
 * siblings are gone. Leaves those of processes that still run. Call it before reading such a folder.
 */
export function recoverFolder(folder: string): void {
  const parent = path.dirname(path.resolve(folder));
  if (!fs.existsSync(parent)) return;
  const prefix = `${path.basename(folder)}.`;
  const siblings = fs.readdirSync(parent).flatMap((name) => {
    const parts = name.startsWith(prefix) ? /^(\d+)\.(tmp|old)$/.exec(name.slice(prefix.length)) : null;
    return parts === null ? [] : [{ path: path.join(parent, name), pid: Number(parts[1]), kind: parts[2]! }];
  });
  const left = siblings.filter(({ pid }) => pid === process.pid || !isRunning(pid));
  // An old folder without the new one: the process died between the two renames, and the temporary one is complete.
  const halfway = fs.existsSync(folder) ? undefined : left.find(({ kind }) => kind === 'old');
  const complete = left.find(({ kind, pid }) => kind === 'tmp' && pid === halfway?.pid);
  if (halfway !== undefined) fs.renameSync((complete ?? halfway).path, folder);
  for (const { path: at } of left) fs.rmSync(at, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // Signal 0 only asks.
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Cleans up after a failure whose own error matters more than one of the cleaning. */
/** Removes a file or folder, if it is there and can be removed. */
export function removeQuietly(at: string): void {
  try {
    fs.rmSync(at, { recursive: true, force: true });
  } catch {
    // For example the path leads through a file: nothing was written there.
  }
}

/** SHA-256 of a file's bytes, as 64 hexadecimal digits. */
export function sha256File(file: string): string {
  const hash = createHash('sha256');
  const handle = fs.openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const count = fs.readSync(handle, buffer);
      if (count === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, count));
    }
  } finally {
    fs.closeSync(handle);
  }
}

/** Reads and parses JSON; a missing or malformed file is a VlaError that names it. */
export function readJson<T = unknown>(file: string): T {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new VlaError('bad-data', `${file}: expected JSON, got ${(cause as Error).message}.`, {
      cause,
      hint: 'The file is damaged or was cut off; fetch or write it again.',
    });
  }
}
