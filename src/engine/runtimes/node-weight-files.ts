/** @file Files of weights, wherever they lie: ONNX Runtime reads them only from below one folder, links followed. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';
import type { WeightContent } from '../onnx/write.ts';

/** Weights together with the folder that their file names are relative to. */
export interface LocatedWeights {
  readonly weights: Readonly<Record<string, WeightContent>>;
  readonly weightFolder: string | undefined;
}

/**
 * The same weights under their real paths, relative to the deepest folder above all of them. So a cache of links into a folder
 * of blobs works, and weights may come from several folders. Throws `not-found` for a missing file.
 */
export function locateWeights(parts: readonly LocatedWeights[]): LocatedWeights {
  const real = new Map<string, string>();
  const realPath = (folder: string | undefined, file: string): string => {
    const full = path.resolve(folder ?? '.', file);
    let found = real.get(full);
    if (found === undefined) {
      try {
        found = fs.realpathSync(full);
      } catch (cause) {
        throw fileError('weights', full, cause);
      }
      real.set(full, found);
    }
    return found;
  };
  const located = parts.flatMap(({ weights, weightFolder }) =>
    Object.entries(weights).map(([name, content]): [string, WeightContent] => [
      name,
      'file' in content ? { ...content, file: realPath(weightFolder, content.file) } : content,
    ]),
  );
  if (real.size === 0) return { weights: Object.fromEntries(located), weightFolder: undefined };
  const folder = folderAbove([...real.values()]);
  const relative = located.map(([name, content]): [string, WeightContent] => [
    name,
    'file' in content ? { ...content, file: path.relative(folder, content.file).split(path.sep).join('/') } : content,
  ]);
  return { weights: Object.fromEntries(relative), weightFolder: folder };
}

/** The deepest folder above all files. */
function folderAbove(files: readonly string[]): string {
  const root = path.parse(files[0]!).root;
  const other = files.find((file) => path.parse(file).root !== root);
  if (other !== undefined) {
    throw new VlaError('unsupported', `weights: expected all files on one drive, got "${files[0]}" and "${other}".`, {
      hint: 'Set weightCache to a folder on the drive of the checkpoint.',
    });
  }
  const parts = files.map((file) => path.dirname(file).slice(root.length).split(path.sep));
  const [first] = parts;
  let depth = 0;
  while (depth < first!.length && parts.every((names) => names[depth] === first![depth])) depth++;
  return path.join(root, ...first!.slice(0, depth));
}
