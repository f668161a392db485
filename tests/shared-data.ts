/** @file Where the big test data lie: the folder `shared/` beside the checkout, or `$VLAKIT_SHARED`; tests skip without it. */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, found upwards from this file, so that it is the same for `tests/` and `dist/tests/`. */
export const repositoryRoot: string = findRoot(path.dirname(fileURLToPath(import.meta.url)));

/** The folder `shared/data/<name>`, or null when it is not on this machine. */
export function sharedData(name: string): string | null {
  const chosen = process.env['VLAKIT_SHARED'];
  // Beside the checkout; one folder further up when the checkout is a git worktree in a folder of worktrees.
  const candidates = chosen ? [chosen] : ['../shared', '../../shared'].map((at) => path.join(repositoryRoot, at));
  const found = candidates.map((at) => path.resolve(at, 'data', name)).find((at) => fs.existsSync(at));
  return found ?? null;
}

/** For `test(name, { skip: skipReason('unitree-g1-bottle') }, …)`: false when the data are there, else the reason. */
export function skipReason(name: string): string | false {
  if (sharedData(name) !== null) return false;
  return `needs shared/data/${name} beside the checkout, or VLAKIT_SHARED set to the folder that holds data/${name}`;
}

function findRoot(folder: string): string {
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`);
  return findRoot(parent);
}
