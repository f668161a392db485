/** @file Runs the real command line in a child process, and says what a good failure looks like. */

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../../src/base/errors.ts';
import { workerUrl } from '../../src/base/worker-url.ts';

const MAIN = fileURLToPath(workerUrl(import.meta.url, '../../src/cli/main'));
/** A command that hangs is ended; generous, for a machine that is busy with other things. */
const LIMIT_MS = 300_000;

/** How a command ended. */
export interface Ended {
  /** The exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where and how a command runs. */
export interface Surroundings {
  readonly cwd: string;
  /** Sends SIGINT when standard error matches, once for each pattern, in order. */
  readonly interruptAt?: readonly RegExp[];
  /** Presses Enter each time that standard error matches anew; it must be a global pattern. */
  readonly enterAt?: RegExp;
  /** Hears all of standard error whenever there is more of it; the function that it is given sends SIGINT. */
  readonly watch?: (err: string, interrupt: () => void) => void;
  /** Kills the process, without a chance to clean up, when standard error matches. */
  readonly killAt?: RegExp;
  /** A program to run the command with, for example `['unshare', '-rm', …]`. */
  readonly wrapper?: readonly string[];
  /** The program of another copy of the package; default: this one's. */
  readonly main?: string;
}

/** Runs `vlakit …args` and waits for its end. */
export function vlakit(
  args: readonly string[],
  { cwd, interruptAt = [], enterAt, killAt, watch, wrapper = [], main = MAIN }: Surroundings,
): Promise<Ended> {
  const [program, ...rest] = [...wrapper, process.execPath, main, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(program!, rest, { cwd, stdio: [enterAt === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    let out = '';
    let err = '';
    child.stdout!.on('data', (data: Buffer) => (out += String(data)));
    child.stderr!.on('data', (data: Buffer) => (err += String(data)));
    interruptWhen(child, () => err, interruptAt);
    if (watch !== undefined) child.stderr!.on('data', () => watch(err, () => void child.kill('SIGINT')));
    if (enterAt !== undefined) pressEnter(child, () => err, enterAt);
    if (killAt !== undefined) child.stderr!.on('data', () => killAt.test(err) && child.kill('SIGKILL'));
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, out, err });
    });
  });
}

function interruptWhen(child: ChildProcess, seen: () => string, patterns: readonly RegExp[]): void {
  const left = [...patterns];
  child.stderr!.on('data', () => {
    while (left.length > 0 && left[0]!.test(seen())) {
      left.shift();
      child.kill('SIGINT');
    }
  });
}

function pressEnter(child: ChildProcess, seen: () => string, pattern: RegExp): void {
  let pressed = 0;
  child.stdin!.on('error', () => undefined);
  child.stderr!.on('data', () => {
    for (const asked = seen().match(pattern)?.length ?? 0; pressed < asked; pressed++) child.stdin!.write('\n');
  });
}

/** Fails unless the command ended well. */
export function assertFine({ code, out, err }: Ended): void {
  assert.equal(code, 0, `${out}\n${err}`);
}

/** Fails unless the command ended with exactly one error, worded for a person, with a next step and no stack. */
export function assertOneError(ended: Ended, code: ErrorCode, message: RegExp): void {
  const { err } = ended;
  const errors = err.split('\n').filter((line) => line.startsWith('error['));
  assert.equal(errors.length, 1, `expected one error, got:\n${err}`);
  assert.ok(errors[0]!.startsWith(`error[${code}]: `), errors[0]);
  assert.match(err, message);
  assert.doesNotMatch(err, /^\s+at .*:\d+:\d+\)?$/m, 'a person gets no stack');
  assert.doesNotMatch(err, /bug in vlakit/);
  assert.equal(ended.code, code === 'interrupted' ? 130 : 1);
  assert.match(err, /^hint: \S/m, `expected a next step in:\n${err}`);
}

/** A folder for one test file; removed at the end. */
export function scratchFolder(name: string): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), `vlakit-${name}-`));
}

/** All files below a folder, sorted, with forward slashes. */
export function filesBelow(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)))
    .map((file) => file.split(path.sep).join('/'))
    .sort();
}

/** $0 the disk's folder, $1 its options, $2 where a copy of what is on it goes when the command has ended. */
const MOUNT =
  'mkdir -p "$0" "$2" && mount -t tmpfs -o "$1" tmpfs "$0" && left="$2" && shift 2 && { "$@"; code=$?; cp -R "$0/." "$left"; exit $code; }';

/**
 * A wrapper that gives the command its own disk at `folder`, with mount options such as `size=1m` or `ro`. The disk goes
 * with the command; what was on it is then in the folder `left`.
 */
export function onOwnDisk(folder: string, options: string, left: string): string[] {
  return ['unshare', '-rm', 'sh', '-c', MOUNT, folder, options, left];
}

/** False when `onOwnDisk` works here, else the reason. */
export function noOwnDisks(): string | false {
  const folder = scratchFolder('mount');
  const [program, ...rest] = onOwnDisk(path.join(folder, 'disk'), 'size=1m', path.join(folder, 'left'));
  const { status } = spawnSync(program!, [...rest, 'true']);
  fs.rmSync(folder, { recursive: true, force: true });
  return status === 0 ? false : 'needs unprivileged mounts (unshare -rm) for a disk that is full or read-only';
}

/** Command-line options that choose flatland with small pictures. */
export const FLATLAND_OPTIONS: readonly string[] = [
  '--environment',
  fileURLToPath(workerUrl(import.meta.url, '../flatland/flatland')),
  '--environment-options',
  '{"imageSize":24}',
];
