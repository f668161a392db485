/** @file Files that ship with the package, under `assets/`. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { VlaError } from './errors.ts';

/** The path of `assets/<name>`, in a checkout or in an installed package; throws `not-found` when it is not there. */
export function shippedFile(name: string): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'assets', name);
    if (fs.existsSync(file)) return file;
    if (fs.existsSync(path.join(folder, 'package.json')) || folder === path.dirname(folder)) {
      throw new VlaError('not-found', `assets: expected ${name} in the package, got none at ${file}.`, {
        hint: 'Install the package again.',
      });
    }
  }
}
