/** @file The files of LIBERO and robosuite that the benchmark's tasks use, as published: where they are, how large, their hashes. Node only. */

import path from 'node:path';
import { VlaError } from '../../base/errors.ts';
import type { PublishedFile } from '../../base/download-file.ts';
import { readJson } from '../../base/files.ts';
import { shippedFile } from '../../base/shipped-file.ts';
import type { LiberoSuite } from '../../simulation/libero/suites.ts';

/** The suites, and the letter that stands for each in the list of files. */
export const SUITE_LETTERS = {
  libero_spatial: 's',
  libero_object: 'o',
  libero_goal: 'g',
  libero_10: 't',
  libero_90: 'n',
} as const satisfies Readonly<Record<LiberoSuite, string>>;

/** A suite of LIBERO. */
export type SuiteName = LiberoSuite;

/** All suites, in the order of the papers' tables. */
export const SUITE_NAMES = Object.keys(SUITE_LETTERS) as readonly SuiteName[];

/** The suites of a list of names, with `libero_` or without; throws `not-found` for another name. */
export function suitesOf(names: readonly string[]): SuiteName[] {
  return names.map((name) => {
    const full = name.startsWith('libero_') ? name : `libero_${name}`;
    const found = SUITE_NAMES.find((suite) => suite === full);
    if (found !== undefined) return found;
    throw new VlaError('not-found', `suites: expected some of ${SUITE_NAMES.join(', ')}, got "${name}".`, {
      hint: 'Names are separated by commas.',
    });
  });
}

/** Where a tree of files is published. */
export interface Origin {
  /** The tree's name in the cache, and the first part of each path. */
  readonly tree: 'LIBERO' | 'robosuite';
  /** On GitHub. */
  readonly repository: string;
  readonly commit: string;
}

/** LIBERO's repository has had no release since; robosuite is version 1.4.0, which LIBERO asks for. */
export const ORIGINS: readonly Origin[] = [
  {
    tree: 'LIBERO',
    repository: 'Lifelong-Robot-Learning/LIBERO',
    commit: '8f1084e3132a39270c3a13ebe37270a43ece2a01',
  },
  { tree: 'robosuite', repository: 'ARISE-Initiative/robosuite', commit: 'c57e282553a4f42378f2635b9a3cbc4afba270fd' },
];

/** The Hugging Face dataset that LeRobot's fork fetches LIBERO's `assets` from: the same files, from the folder's root on. */
export const ASSETS_MIRROR = {
  dataset: 'lerobot/libero-assets',
  commit: '0b3ea86be5fe169d0fd036ae63d1070ec09e90f6',
} as const;

/** Where LIBERO's assets begin in the cache. */
export const ASSETS = 'LIBERO/libero/libero/assets/';

/** A file that some task uses; `name` is its path as `LiberoFiles` has it, `hash` git's SHA-1. */
export interface LiberoFile extends PublishedFile {
  readonly suites: readonly SuiteName[];
}

/** `assets/libero/files.json`: by folder and name, hash, size ("?": unknown) and the letters of suites. */
type FileTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

let loaded: readonly LiberoFile[] | null = null;

/** The files that tasks of these suites use, in order of their paths. */
export function publishedFiles(suites: readonly SuiteName[] = SUITE_NAMES): readonly LiberoFile[] {
  loaded ??= readTable(readJson<FileTable>(shippedFile(path.join('libero', 'files.json'))));
  return loaded.filter((file) => file.suites.some((suite) => suites.includes(suite)));
}

function readTable(table: FileTable): LiberoFile[] {
  const files = Object.entries(table).flatMap(([folder, names]) =>
    Object.entries(names).map(([name, entry]): LiberoFile => {
      const [hash, bytes, letters] = entry.split(' ') as [string, string, string];
      const suites = SUITE_NAMES.filter((suite) => letters.includes(SUITE_LETTERS[suite]));
      return { name: `${folder}/${name}`, hash, bytes: bytes === '?' ? null : Number(bytes), suites };
    }),
  );
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}
