/**
 * @file The weight files of a Hugging Face folder: one safetensors file, or the shards that an index lists. Only headers are
 * read, each once; what is wrong is named by file and tensor. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { fileError, readJson } from '../base/files.ts';
import { headerLength, parseHeader, type SafetensorsHeader, type TensorEntry } from '../base/safetensors.ts';

/** A tensor where it lies. */
export interface StoredTensor extends TensorEntry {
  /** Path relative to the folder. */
  readonly file: string;
}

/** One weight file: its size on disk and what its header says beside the tensors. */
export interface WeightFile {
  readonly name: string;
  readonly bytes: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** All weight files of a folder. */
export interface WeightFiles {
  readonly folder: string;
  readonly files: readonly WeightFile[];
  /** Names in the files, and in their indexes. */
  readonly names: ReadonlySet<string>;
  /** By published name. */
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  /** What is wrong with the files, the worst first; a checkpoint can be used when this is empty. */
  readonly problems: readonly VlaError[];
}

/** The header of a safetensors file, without its numbers. Throws `bad-data` when it is damaged or cut off. */
export function readHeader(file: string): { readonly header: SafetensorsHeader; readonly bytes: number } {
  let handle: number;
  try {
    handle = fs.openSync(file, 'r');
  } catch (cause) {
    throw fileError('read', file, cause);
  }
  try {
    const bytes = fs.fstatSync(handle).size;
    const prefix = new Uint8Array(Math.min(8, bytes));
    fs.readSync(handle, prefix, 0, prefix.length, 0);
    const head = new Uint8Array(Math.min(headerLength(prefix, file), bytes));
    fs.readSync(handle, head, 0, head.length, 0);
    return { header: parseHeader(head, bytes, file), bytes };
  } finally {
    fs.closeSync(handle);
  }
}

/** Headers that were read already, by path; for who looks at the same files more than once. */
export type HeaderCache = Map<string, ReturnType<typeof readHeader>>;

/**
 * Opens the weight files with these stems: `model` is `model.safetensors`, or the shards of `model.safetensors.index.json`.
 * Collects what is wrong instead of stopping at the first, so that an inspection can say everything.
 */
export function openWeightFiles(
  folder: string,
  stems: readonly string[],
  headers: HeaderCache = new Map(),
): WeightFiles {
  const reading = new Reading(folder, headers);
  for (const stem of stems) reading.readStem(stem);
  return { folder, files: reading.files, names: reading.names, tensors: reading.tensors, problems: reading.problems };
}

/** The stems of all safetensors files of a folder, for folders of an unknown family. */
export function weightStems(folder: string): string[] {
  const names = fs.readdirSync(folder).filter((name) => /\.safetensors(\.index\.json)?$/.test(name));
  const stems = names.map((name) => name.replace(/(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?$/, ''));
  return [...new Set(stems)].sort();
}

/** Throws the first problem, if any. */
export function requireWhole({ problems }: WeightFiles): void {
  if (problems[0] !== undefined) throw problems[0];
}

/** `model.safetensors.index.json`. */
interface ShardIndex {
  readonly weight_map?: unknown;
  readonly metadata?: { readonly total_size?: unknown };
}

class Reading {
  readonly files: WeightFile[] = [];
  readonly names = new Set<string>();
  readonly tensors: Record<string, StoredTensor> = {};
  readonly problems: VlaError[] = [];
  private readonly folder: string;
  private readonly headers: HeaderCache;

  constructor(folder: string, headers: HeaderCache) {
    this.folder = folder;
    this.headers = headers;
  }

  readStem(stem: string): void {
    const single = `${stem}.safetensors`;
    const index = `${single}.index.json`;
    if (fs.existsSync(path.join(this.folder, index))) {
      this.attempt(() => this.readShards(index));
    } else if (fs.existsSync(path.join(this.folder, single))) {
      this.attempt(() => this.readFile(single));
    } else {
      this.problem('not-found', `${this.folder}: expected ${single} or ${index}, got neither.`, {
        hint: 'Fetch the checkpoint again, or check the path.',
      });
    }
  }

  /** Reads every shard that the index lists, and holds each to what the index says of it. */
  private readShards(index: string): void {
    const at = path.join(this.folder, index);
    const { weight_map: map, metadata } = readJson<ShardIndex>(at);
    if (!isNameMap(map)) {
      throw new VlaError('bad-data', `${at}: expected a weight_map of tensor to file names, got ${typeof map}.`, {
        hint: 'The index is damaged; fetch it again.',
      });
    }
    const listed: Record<string, string[]> = {};
    for (const [name, file] of Object.entries(map)) {
      this.names.add(name);
      (listed[file] ??= []).push(name);
    }
    let total = 0;
    for (const [file, names] of Object.entries(listed)) {
      this.attempt(() => {
        if (path.basename(file) !== file || !file.endsWith('.safetensors')) {
          throw new VlaError('bad-data', `${at}: expected names of safetensors files beside it, got "${file}".`, {
            hint: 'The index is damaged; fetch it again.',
          });
        }
        if (!fs.existsSync(path.join(this.folder, file))) {
          throw new VlaError('not-found', `${path.join(this.folder, file)}: expected this shard, got no such file.`, {
            hint: `${index} places ${names.length} tensors in it: fetch it again.`,
          });
        }
        const tensors = this.readFile(file);
        total += Object.values(tensors).reduce((sum, { length }) => sum + length, 0);
        for (const name of names) {
          if (Object.hasOwn(tensors, name)) continue;
          this.problem('mismatch', `${path.join(this.folder, file)}: expected tensor "${name}", got none.`, {
            hint: `${index} says it is there: index and shard are of different downloads; fetch both again.`,
          });
        }
        const unlisted = Object.keys(tensors).find((name) => map[name] !== file);
        if (unlisted === undefined) return;
        this.problem('mismatch', `${path.join(this.folder, file)}: tensor "${unlisted}" is not in ${index}.`, {
          hint: 'Index and shard are of different downloads; fetch both again.',
        });
      });
    }
    const promised = metadata?.total_size;
    if (typeof promised === 'number' && promised !== total && this.problems.length === 0) {
      this.problem('mismatch', `${at}: expected ${promised} bytes of tensors, got ${total} in its shards.`, {
        hint: 'Index and shards are of different downloads; fetch both again.',
      });
    }
  }

  private readFile(name: string): SafetensorsHeader['tensors'] {
    const at = path.join(this.folder, name);
    const read = this.headers.get(at) ?? readHeader(at);
    this.headers.set(at, read);
    const { header, bytes } = read;
    this.files.push({ name, bytes, metadata: header.metadata });
    for (const [tensor, entry] of Object.entries(header.tensors)) {
      this.names.add(tensor);
      const other = this.tensors[tensor];
      if (other === undefined) this.tensors[tensor] = { ...entry, file: name };
      else {
        this.problem('mismatch', `${at}: tensor "${tensor}" is in ${other.file} as well.`, {
          hint: 'Files of two checkpoints lie in one folder: fetch it anew into an empty one.',
        });
      }
    }
    return header.tensors;
  }

  private attempt(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof VlaError)) throw error;
      this.problems.push(error);
    }
  }

  private problem(code: VlaError['code'], message: string, options: { readonly hint: string }): void {
    this.problems.push(new VlaError(code, message, options));
  }
}

function isNameMap(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && Object.values(value).every((file) => typeof file === 'string');
}
