/** @file Runs the program `vlakit` as a process, for tests of commands. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerUrl } from '../../src/base/worker-url.ts';

/** What a process left behind. */
export interface ProcessResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `vlakit args` in a folder; `interruptAt` sends SIGINT half a second after standard error holds that text. */
export function vlakit(cwd: string, args: readonly string[], interruptAt?: string): Promise<ProcessResult> {
  const main = fileURLToPath(workerUrl(import.meta.url, '../../src/cli/main'));
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { cwd });
    let [out, err, interrupted] = ['', '', false];
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => {
      err += String(chunk);
      if (interruptAt === undefined || interrupted || !err.includes(interruptAt)) return;
      interrupted = true;
      setTimeout(() => child.kill('SIGINT'), 500);
    });
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Command-line options that choose flatland with small pictures. */
export const FLATLAND_OPTIONS: readonly string[] = [
  '--environment',
  fileURLToPath(workerUrl(import.meta.url, '../flatland/flatland')),
  '--environment-options',
  '{"imageSize":24}',
];
