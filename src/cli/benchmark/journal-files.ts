/** @file Where journals of benchmarks lie, and which lie in a folder. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import { fileError } from '../../base/files.ts';

const FOLDER = /^(.+)\.journal$/;
const FILE = 'episodes.jsonl';

/** The journal of the result NAME.json in FOLDER; it has a folder of its own, for its lock. */
export function journalFile(folder: string, resultName: string): string {
  return path.join(folder, `${resultName}.journal`, FILE);
}

/** A journal and the name of its result. */
export interface FoundJournal {
  readonly file: string;
  readonly resultName: string;
}

/** All journals in a folder, or the one that is named itself; `not-found` where there is none. */
export function findJournals(place: string): FoundJournal[] {
  const own = FOLDER.exec(path.basename(path.resolve(place)));
  if (own !== null && fs.existsSync(path.join(place, FILE))) {
    return [{ file: path.join(place, FILE), resultName: own[1]! }];
  }
  let names: string[];
  try {
    names = fs.readdirSync(place).sort();
  } catch (cause) {
    throw fileError('merge', place, cause);
  }
  const found = names.flatMap((name): FoundJournal[] => {
    const resultName = FOLDER.exec(name)?.[1];
    const file = path.join(place, name, FILE);
    return resultName === undefined || !fs.existsSync(file) ? [] : [{ file, resultName }];
  });
  if (found.length > 0) return found;
  throw new VlaError('not-found', `${place}: expected a folder with journals of a benchmark, got none in it.`, {
    hint: 'Name the folders that vlakit benchmark … --shard i/n --out FOLDER wrote to.',
  });
}
