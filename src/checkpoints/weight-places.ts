/**
 * @file `weights.json` of a policy whose weights stay in the published files: where each parameter lies, and what those files
 * were when the policy was made. Files that moved or changed since are refused by name. Node only.
 */

import fs from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { fileError, readJson, sha256File } from '../base/files.ts';
import { BYTES, elementCount } from '../base/tensor.ts';
import type { Placed } from './compare-weights.ts';
import { placeWeights, type PlacedWeights } from './place-weights.ts';

/** Stands beside the other files of a checkpoint instead of model.safetensors. */
export const PLACES_FILE = 'weights.json';

const count = z.number().int().min(0);
const schema = z.strictObject({
  version: z.literal(1),
  /** Of the published files; a relative one counts from the folder of weights.json. */
  folder: z.string(),
  files: z.record(
    z.string(),
    z.strictObject({
      bytes: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** When the file was last written, in milliseconds: as long as this stays, its bytes are not hashed again. */
      modified: z.number(),
    }),
  ),
  tensors: z.record(
    z.string(),
    z.strictObject({
      file: z.string(),
      dtype: z.enum(['f32', 'f16', 'bf16']),
      shape: z.array(count),
      offset: count,
      length: count,
      swapped: z.literal(true).optional(),
    }),
  ),
});

type PlacesContent = z.infer<typeof schema>;

/** The content of weights.json for parameters that lie in files of `folder`; hashes these files. */
export function describePlaces(folder: string, placed: Readonly<Record<string, Placed>>): PlacesContent {
  const names = [...new Set(Object.values(placed).map(({ stored }) => stored.file))].sort();
  const files = names.map((name) => {
    const file = path.join(folder, name);
    const { size, mtimeMs } = fs.statSync(file);
    return [name, { bytes: size, sha256: sha256File(file), modified: mtimeMs }] as const;
  });
  const tensors = Object.entries(placed).map(([name, { stored, swapped }]) => {
    const { file, dtype, shape, offset, length } = stored;
    return [name, { file, dtype, shape, offset, length, ...(swapped ? { swapped } : {}) }] as const;
  });
  return schema.parse({
    version: 1,
    folder: path.resolve(folder),
    files: Object.fromEntries(files),
    tensors: Object.fromEntries(tensors),
  });
}

/** Published weights that a policy uses where they lie. */
export interface PlacedByFile extends PlacedWeights {
  /** The folder of the published files. */
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly tensors: Readonly<Record<string, Placed>>;
  /** One hash of all files. */
  readonly sha256: string;
}

/**
 * The weights that a weights.json points at. Throws `not-found` for a file that is no longer there and `bad-data` for one that
 * is another one now, or for a damaged weights.json.
 */
export function readPlaces(at: string): PlacedByFile {
  const parsed = schema.safeParse(readJson(at));
  if (!parsed.success) {
    const { path: field, message } = parsed.error.issues[0]!;
    throw new VlaError('bad-data', `${at}: ${field.join('.') || 'the whole'}: ${message}.`, {
      hint: 'The file was edited or belongs to another version: make the policy again (vlakit models adopt).',
    });
  }
  const { files, tensors } = parsed.data;
  const folder = path.resolve(path.dirname(at), parsed.data.folder);
  for (const [name, was] of Object.entries(files)) requireUnchanged(at, path.join(folder, name), was);
  for (const [name, { file, shape, dtype, offset, length }] of Object.entries(tensors)) {
    if (offset + length <= (files[file]?.bytes ?? -1) && length === elementCount(shape) * BYTES[dtype]) continue;
    throw new VlaError('bad-data', `${at}: tensor "${name}": expected bytes within "${file}", got others.`, {
      hint: 'The file was edited: make the policy again (vlakit models adopt).',
    });
  }
  const placed = Object.fromEntries(
    Object.entries(tensors).map(([name, { swapped = false, ...stored }]): [string, Placed] => [
      name,
      { published: name, stored, swapped },
    ]),
  );
  const hash = createHash('sha256');
  for (const [name, { sha256 }] of Object.entries(files)) hash.update(`${name} ${sha256}\n`);
  return {
    ...placeWeights(folder, placed),
    folder,
    files: Object.entries(files).map(([name, { bytes }]) => ({ name, bytes })),
    tensors: placed,
    sha256: hash.digest('hex'),
  };
}

function requireUnchanged(at: string, file: string, was: PlacesContent['files'][string]): void {
  let now: fs.Stats;
  try {
    now = fs.statSync(file);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError('read', file, cause);
    throw new VlaError('not-found', `${file}: expected the weights that ${at} names, got no such file.`, {
      cause,
      hint: 'Put it back, or write the new folder into weights.json, or make the policy again (vlakit models adopt).',
    });
  }
  const hint =
    'The published model was replaced: fetch that version again, or make the policy again (vlakit models adopt).';
  if (now.size !== was.bytes) {
    throw new VlaError('bad-data', `${file}: expected ${was.bytes} bytes (${at}), got ${now.size}.`, { hint });
  }
  if (now.mtimeMs === was.modified) return;
  const got = sha256File(file);
  if (got === was.sha256) return;
  const [want, have] = [`${was.sha256.slice(0, 12)}…`, `${got.slice(0, 12)}…`];
  throw new VlaError('bad-data', `${file}: expected SHA-256 ${want} (${at}), got ${have}.`, { hint });
}
