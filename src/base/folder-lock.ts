/** @file One writer at a time in a folder: a file `lock` with the number of the process. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from './errors.ts';
import { fileError } from './files.ts';

/** Files that this process wrote; one with its number that it did not write is left from a process of the same number. */
const held = new Set<string>();

/** Throws `bad-argument` when another process that still runs, or this one, has the folder. */
export function checkLock(folder: string): void {
  const file = path.resolve(folder, 'lock');
  let pid: number;
  try {
    pid = Number(fs.readFileSync(file, 'utf8'));
  } catch {
    return;
  }
  // A container gives its processes the same numbers again.
  if (pid === process.pid && !held.has(file)) return;
  try {
    process.kill(pid, 0); // Signal 0 only asks.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
  }
  throw new VlaError('bad-argument', `${folder}: expected no other writer, got one: process ${pid}.`, {
    hint: `Wait for it, or delete ${path.join(folder, 'lock')} if that process is something else.`,
  });
}

/** Takes the folder for this process, and makes it when needed; gives the function that releases it. */
export function lockFolder(folder: string): () => void {
  checkLock(folder);
  const file = path.resolve(folder, 'lock');
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(file, String(process.pid));
  } catch (cause) {
    throw fileError('write', file, cause);
  }
  held.add(file);
  return () => {
    held.delete(file);
    fs.rmSync(file, { force: true });
  };
}
