/** @file How much memory this process may still take. */

import fs from 'node:fs';
import os from 'node:os';

/** Bytes that can be taken without pushing anything out but cached files, within the limit of a container. */
export function availableMemory(): number {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo')) ?? [];
  const machine = kibibytes === undefined ? process.availableMemory() : Number(kibibytes) * 1024;
  return Math.min(machine, containerMemory(read));
}

/**
 * What a control group (version 2) leaves, infinity without a limit. Pages of files count as used there, but give way: the
 * inactive ones are added.
 */
export function containerMemory(readFile: (file: string) => string): number {
  const folder = '/sys/fs/cgroup';
  const limit = Number(readFile(`${folder}/memory.max`) || Infinity);
  if (!Number.isFinite(limit) || limit > os.totalmem()) return Infinity;
  const [, inactive = '0'] = /^inactive_file (\d+)$/m.exec(readFile(`${folder}/memory.stat`)) ?? [];
  return limit - Number(readFile(`${folder}/memory.current`)) + Number(inactive);
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
