/**
 * @file What the original Python says of all 130 LIBERO tasks (tests/golden/libero-*), and the files to compare with: a folder
 * with the trees LIBERO/ and robosuite/ named by VLAKIT_LIBERO, or the pack of 30 tasks under shared/.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { LiberoFiles } from '../src/simulation/libero/files.ts';
import { repositoryRoot, sharedData } from './shared-data.ts';

/** A line of tests/golden/libero-tasks.txt. */
export interface GoldenTask {
  readonly suite: string;
  readonly name: string;
  /** Digests of canonical spellings, as in tests/libero-canonical.ts. */
  readonly model: string;
  readonly data: string;
  readonly counts: Readonly<Record<'bodies' | 'joints' | 'geoms' | 'sites' | 'cameras' | 'nq' | 'nv', number>>;
  readonly instruction: string;
}

/** A line of tests/golden/libero-objects.jsonl: a class as a movable object called thing_1. */
export interface GoldenClass {
  readonly category: string;
  readonly body: string;
  readonly assets: string;
  readonly data: string;
}

/** Where the files are; null: nowhere on this machine. */
export const liberoFolder: string | null = process.env['VLAKIT_LIBERO'] ?? sharedData('libero');

export const liberoFiles: LiberoFiles = {
  read: (file) => fs.readFileSync(path.join(liberoFolder!, file)),
  has: (file) => fs.existsSync(path.join(liberoFolder!, file)),
};

/** For `skip`: why tests of all tasks cannot run, or false. */
export const noLibero: string | false =
  liberoFolder === null && "needs LIBERO's files: the pack under shared/, or VLAKIT_LIBERO";

/** For `skip`: why tests of all 130 tasks cannot run, or false; the pack has the assets of 30. */
export const noFullLibero: string | false =
  process.env['VLAKIT_LIBERO'] === undefined && "needs all of LIBERO's assets: VLAKIT_LIBERO";

export function goldenTasks(): GoldenTask[] {
  const [header, ...rows] = golden('libero-tasks.txt');
  const columns = header!.replace('# ', '').split('\t');
  return rows.map((row) => {
    const cells = row.split('\t');
    const words = Object.fromEntries(columns.map((column, i) => [column, cells[i]!]));
    const counts = Object.fromEntries(columns.slice(4, -1).map((column, i) => [column, Number(cells[4 + i])]));
    return { ...words, counts } as unknown as GoldenTask;
  });
}

export function goldenClasses(): GoldenClass[] {
  return golden('libero-objects.jsonl').map((row) => JSON.parse(row) as GoldenClass);
}

function golden(file: string): string[] {
  return fs
    .readFileSync(path.join(repositoryRoot, 'tests/golden', file), 'utf8')
    .trimEnd()
    .split('\n');
}
