/**
 * @file Checkpoint folders: averaged weights as safetensors with dotted names, everything about the policy as JSON, the
 * state for exact resume, and a hash of each file. Written whole or not at all, checked when read. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { fileError, readJson, sha256File, writeFolderAtomic } from '../base/files.ts';
import { decodeSafetensors, encodeSafetensors } from '../base/safetensors.ts';
import type { Tensor } from '../base/tensor.ts';
import { checkMetadata, policyMetadata } from './metadata.ts';
import { readFloats } from './stored-tensor.ts';
import { readHeader } from './weight-files.ts';
import { PLACES_FILE, readPlaces, type PlacedByFile } from './weight-places.ts';

/** The folder inside a checkpoint that only resuming needs; a checkpoint that is shipped goes without it. */
export const STATE_FOLDER = 'training-state';
/** Where a checkpoint's weights lie in it. */
export const WEIGHTS_FILE = 'model.safetensors';
/** Names the model that a checkpoint's weights are changes of; whole models have none. */
export const BASE_FILE = 'base.json';
const HASHES_FILE = 'hashes.json';

/** `training.json`: how the weights came to be. */
export interface TrainingRecord {
  readonly recipe: unknown;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  /** The last numbers of the loss and of evaluations. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What a checkpoint holds beside the weights; each value becomes a file of that name (JSON unless it is text). */
export type CheckpointFiles = Readonly<Record<`${string}.json` | `${string}.txt`, unknown>>;

/** What exact resume needs: the vectors of the step graph, and the numbers of the loop. */
export interface TrainingState {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly loop: unknown;
}

/** Writes a checkpoint folder, atomically; an existing one is replaced. */
export async function writeCheckpoint(
  folder: string,
  weights: Readonly<Record<string, Tensor>>,
  files: CheckpointFiles,
  state: TrainingState | null,
): Promise<void> {
  const metadata = policyMetadata((name) => (files as Record<string, unknown>)[name]);
  await writeHashed(folder, {
    [WEIGHTS_FILE]: () => encodeSafetensors(weights, metadata),
    ...contentsOf(files),
    ...(state === null
      ? {}
      : {
          [`${STATE_FOLDER}/state.safetensors`]: () => encodeSafetensors(state.tensors),
          [`${STATE_FOLDER}/loop.json`]: () => `${JSON.stringify(state.loop)}\n`,
        }),
  });
}

/**
 * Writes a checkpoint folder whose weights stay in published files, which `places` describes; atomically. `places` is not
 * hashed: a person may correct it when these files have moved.
 */
export async function writePlacedCheckpoint(folder: string, places: unknown, files: CheckpointFiles): Promise<void> {
  await writeHashed(folder, contentsOf(files), { [PLACES_FILE]: () => `${JSON.stringify(places)}\n` });
}

type Contents = Readonly<Record<string, () => string | Uint8Array>>;

function contentsOf(files: CheckpointFiles): Contents {
  const entries = Object.entries(files).map(([name, content]) => {
    const text = (): string => (typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`);
    return [name, text] as const;
  });
  return Object.fromEntries(entries);
}

/** Writes the files and a hash of each, and the files in `unhashed` without one. */
async function writeHashed(folder: string, files: Contents, unhashed: Contents = {}): Promise<void> {
  await writeFolderAtomic(folder, (temporary) => {
    const write = (name: string, content: string | Uint8Array): string => {
      const file = path.join(temporary, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const handle = fs.openSync(file, 'w');
      try {
        fs.writeFileSync(handle, content);
        fs.fsyncSync(handle);
      } finally {
        fs.closeSync(handle);
      }
      return file;
    };
    const hashes: Record<string, string> = {};
    for (const [name, content] of Object.entries(files)) hashes[name] = sha256File(write(name, content()));
    for (const [name, content] of Object.entries(unhashed)) write(name, content());
    write(HASHES_FILE, `${JSON.stringify(hashes, null, 2)}\n`);
  });
}

/** A checkpoint whose files are there and have the hashes that were written with them. */
export interface Checkpoint {
  readonly folder: string;
  /** Reads a JSON file of the folder; `not-found` when the checkpoint has none of that name. */
  json<T = unknown>(name: string): T;
  has(name: string): boolean;
  /** Weights that stay in the files of a published model; null: they are the checkpoint's own. */
  readonly published: PlacedByFile | null;
  /** The (averaged) weights by dotted name, in memory. */
  weights(): Record<string, Tensor>;
  /** SHA-256 that tells weights apart. */
  sha256(): string;
  /** The state for exact resume, or null when the checkpoint was stripped of it. */
  state(): TrainingState | null;
}

/**
 * Opens a checkpoint folder and checks every file against its hash. Throws `not-found` when it is no checkpoint and
 * `bad-data` when a file is damaged, cut off or missing, and `mismatch` when the weights were made with another codec,
 * tokenizer or convention than lie beside them.
 */
export function loadCheckpoint(folder: string): Checkpoint {
  const inside = (name: string): string => path.join(folder, name);
  if (!holdsWeights(folder)) {
    throw new VlaError(
      'not-found',
      `${folder}: expected a checkpoint folder with ${WEIGHTS_FILE} or ${PLACES_FILE}, got neither.`,
      { hint: fs.existsSync(folder) ? 'Give the folder of one checkpoint or of a training run.' : 'Check the path.' },
    );
  }
  if (fs.existsSync(inside(HASHES_FILE))) checkHashes(folder, readJson<Record<string, string>>(inside(HASHES_FILE)));
  const published = fs.existsSync(inside(WEIGHTS_FILE)) ? null : readPlaces(inside(PLACES_FILE));
  if (published === null) {
    const { metadata } = readHeader(inside(WEIGHTS_FILE)).header;
    checkMetadata(inside(WEIGHTS_FILE), metadata, (name) =>
      fs.existsSync(inside(name)) ? readJson(inside(name)) : undefined,
    );
  }
  return {
    folder,
    published,
    has: (name) => fs.existsSync(inside(name)),
    json<T>(name: string): T {
      if (fs.existsSync(inside(name))) return readJson<T>(inside(name));
      throw new VlaError('not-found', `${folder}: expected ${name} in the checkpoint, got none.`, {
        hint: 'The checkpoint is incomplete; copy the whole folder again.',
      });
    },
    weights: () => (published === null ? readTensors(inside(WEIGHTS_FILE)) : readPublished(published)),
    sha256: () => published?.sha256 ?? sha256File(inside(WEIGHTS_FILE)),
    state: () =>
      fs.existsSync(inside(STATE_FOLDER))
        ? {
            tensors: readTensors(inside(`${STATE_FOLDER}/state.safetensors`)),
            loop: readJson(inside(`${STATE_FOLDER}/loop.json`)),
          }
        : null,
  };
}

/** Whether a folder has weights of its own, or says where they are. */
export function holdsWeights(folder: string): boolean {
  return [WEIGHTS_FILE, PLACES_FILE].some((name) => fs.existsSync(path.join(folder, name)));
}

function readPublished({ weights, weightFolder }: PlacedByFile): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, place]) => [name, readFloats(weightFolder, name, place)]),
  );
}

function checkHashes(folder: string, hashes: Readonly<Record<string, string>>): void {
  const stripped = !fs.existsSync(path.join(folder, STATE_FOLDER));
  for (const [name, expected] of Object.entries(hashes)) {
    if (stripped && name.startsWith(`${STATE_FOLDER}/`)) continue;
    const file = path.join(folder, name);
    if (!fs.existsSync(file)) {
      throw new VlaError('bad-data', `${folder}: expected ${name} (hashes.json names it), got none.`, {
        hint: 'The checkpoint is incomplete; copy the whole folder again.',
      });
    }
    const got = sha256File(file);
    if (got !== expected) {
      const bytes = fs.statSync(file).size;
      throw new VlaError(
        'bad-data',
        `${file}: expected SHA-256 ${expected.slice(0, 12)}…, got ${got.slice(0, 12)}… (${bytes} bytes).`,
        {
          hint: 'The file was damaged, cut off or edited; copy the checkpoint again (or delete hashes.json if you edited it).',
        },
      );
    }
  }
}

function readTensors(file: string): Record<string, Tensor> {
  try {
    return decodeSafetensors(fs.readFileSync(file), file).tensors;
  } catch (cause) {
    throw fileError('read', file, cause);
  }
}
