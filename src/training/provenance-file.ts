/** @file `provenance.json` of a run folder: the commands that trained the policy and recorded its data, for the report. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { readJson, writeFileAtomic } from '../base/files.ts';
import type { LeRobotDataset } from '../data/lerobot/reader.ts';

/** The file of a run folder that holds its recipe. */
export const RECIPE_FILE = 'recipe.json';

/** The file of a run folder that holds a `Provenance`. */
export const PROVENANCE_FILE = 'provenance.json';

const schema = z.object({
  /** The exact command that trained, or last continued, the run; null: unknown. */
  command: z.string().nullable(),
  /** The seed of the recipe. */
  seed: z.number(),
  /** Versions of vlakit, Node and packages. */
  versions: z.record(z.string(), z.string()),
  /** Per dataset where it lies, and, when vlakit recorded it, the exact command and its seed. */
  datasets: z.array(z.object({ root: z.string(), command: z.string().nullable(), seed: z.number().nullable() })),
});

/** Where the weights of a run came from. */
export type Provenance = z.infer<typeof schema>;

/** What meta/info.json of a dataset that vlakit recorded says about itself. */
const recording = z.object({
  command: z.string().nullable().default(null),
  record: z.object({ seed: z.number() }),
});

/** Writes the file of the run in `folder`. */
export function writeProvenance(
  folder: string,
  run: Pick<Provenance, 'command' | 'seed' | 'versions'>,
  datasets: readonly LeRobotDataset[],
): void {
  const { command, seed, versions } = run;
  const content: Provenance = { command, seed, versions, datasets: datasets.map(recordingOf) };
  writeFileAtomic(path.join(folder, PROVENANCE_FILE), `${JSON.stringify(content, null, 2)}\n`);
}

function recordingOf({ root, info }: LeRobotDataset): Provenance['datasets'][number] {
  const { data } = recording.safeParse(info.raw['vlakit']);
  return { root, command: data?.command ?? null, seed: data?.record.seed ?? null };
}

/**
 * Reads the file of a run folder; without one, what recipe.json knows; null where there is neither. Throws `bad-data`
 * that names the field.
 */
export function readProvenance(folder: string): Provenance | null {
  const file = path.join(folder, PROVENANCE_FILE);
  if (!fs.existsSync(file)) return provenanceOfRecipe(path.join(folder, RECIPE_FILE));
  const { data, error } = schema.safeParse(readJson(file));
  if (data !== undefined) return data;
  const { path: where, message } = error.issues[0]!;
  throw new VlaError('bad-data', `${file}: ${where.join('.') || 'the whole'}: ${message}.`, {
    hint: 'The file was edited or damaged: delete it, or train again.',
  });
}

function provenanceOfRecipe(file: string): Provenance | null {
  if (!fs.existsSync(file)) return null;
  const { data } = z.object({ seed: z.number() }).safeParse(readJson(file));
  return data === undefined ? null : { command: null, seed: data.seed, versions: {}, datasets: [] };
}
