/**
 * @file Weights of a published folder as the engine takes them: every parameter points at its bytes in the downloaded file,
 * cast and transposed while the session loads. No second copy on disk. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import type { Placed } from './compare-weights.ts';
import type { WeightPlace } from './stored-tensor.ts';

/** What `createSession` is given. */
export interface PlacedWeights {
  readonly weights: Readonly<Record<string, WeightPlace>>;
  readonly weightFolder: string;
}

/**
 * Weights of `folder` by our names. The hub's cache keeps links in a snapshot and the files elsewhere; ONNX Runtime refuses a
 * file outside its weight folder even behind a link, so paths are those of the files themselves, from the nearest folder
 * that holds all of them.
 */
export function placeWeights(folder: string, placed: Readonly<Record<string, Placed>>): PlacedWeights {
  const real = new Map<string, string>();
  for (const { stored } of Object.values(placed)) {
    if (!real.has(stored.file)) real.set(stored.file, fs.realpathSync(path.join(folder, stored.file)));
  }
  const weightFolder = commonFolder([...real.values()].map((file) => path.dirname(file))) ?? fs.realpathSync(folder);
  const weights = Object.fromEntries(
    Object.entries(placed).map(([name, { stored, swapped }]): [string, WeightPlace] => {
      const { dtype, shape, offset, length } = stored;
      const file = path.relative(weightFolder, real.get(stored.file)!).split(path.sep).join('/');
      return [name, { dtype, shape, file, offset, length, ...(swapped ? { swapped } : {}) }];
    }),
  );
  return { weights, weightFolder };
}

/** The deepest folder that all of these are in. */
function commonFolder(folders: readonly string[]): string | undefined {
  return folders.reduce<string | undefined>((common, folder) => {
    let shared = common ?? folder;
    while (path.relative(shared, folder).startsWith('..')) shared = path.dirname(shared);
    return shared;
  }, undefined);
}
