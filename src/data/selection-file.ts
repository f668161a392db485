/**
 * @file `selection.json`: which frames of a dataset are kept for training, and every drop with its reason. Bound to the
 * dataset by a hash of its metadata.
 */

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { VlaError } from '../base/errors.ts';
import { readJson, sha256File, writeFileAtomic } from '../base/files.ts';
import type { Dataset, FeatureStatistics } from '../interfaces/episode.ts';
import { drawableRuns, type FrameSelection, type KeptFrames } from './frame-selection.ts';
import { exactStatistics } from './statistics.ts';

/** The file's name in a dataset's folder. */
export const SELECTION_FILE = 'selection.json';

const range = z.tuple([z.number().int().nonnegative(), z.number().int().positive()]).readonly();
const schema = z.object({
  format: z.literal('vlakit-selection'),
  version: z.literal(1),
  dataset: z.object({
    name: z.string(),
    /** Of info.json, tasks and episodes under meta/; see `datasetHash`. */
    sha256: z.string(),
    episodes: z.number().int(),
    frames: z.number().int(),
  }),
  /** Per filter, as they were applied. */
  thresholds: z.record(z.string(), z.record(z.string(), z.number())),
  /** Of the keyframes, when there are any. */
  keyframes: z.record(z.string(), z.number()).exactOptional(),
  episodes: z
    .array(
      z.object({
        index: z.number().int().nonnegative(),
        length: z.number().int().positive(),
        keep: z.array(range).readonly(),
        keyframes: z.array(z.number().int().nonnegative()).readonly().exactOptional(),
      }),
    )
    .readonly(),
  dropped: z
    .array(
      z.object({
        filter: z.string(),
        episode: z.number().int(),
        frames: range.nullable(),
        reason: z.string(),
        numbers: z.record(z.string(), z.number()),
      }),
    )
    .readonly(),
});

/** The content of a selection file. */
export type Selection = z.infer<typeof schema>;

/** One hash of what a dataset says about its episodes: info.json, the tasks and the episodes under meta/ (not the frames). */
export function datasetHash(root: string): string {
  const meta = path.join(root, 'meta');
  const files = fs
    .readdirSync(meta, { recursive: true, encoding: 'utf8' })
    .map((name) => name.split(path.sep).join('/'))
    .filter((name) => /^(info\.json|(tasks|episodes)\.(jsonl|parquet)|episodes\/.*\.parquet)$/.test(name))
    .sort();
  const hash = createHash('sha256');
  for (const name of files) hash.update(`${name} ${sha256File(path.join(meta, name))}\n`);
  return hash.digest('hex');
}

/** Writes a selection, an episode and a drop a line. */
export function writeSelection(file: string, selection: Selection): void {
  const { episodes, dropped, ...head } = selection;
  const lines = (list: readonly object[]): string => list.map((one) => `\n    ${JSON.stringify(one)}`).join(',');
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, '');
  writeFileAtomic(file, `${text},\n  "episodes": [${lines(episodes)}\n  ],\n  "dropped": [${lines(dropped)}\n  ]\n}\n`);
}

/**
 * The selection in a file, or in the folder of a dataset. `dataset`, when given, is the folder that it must have been
 * made of: `mismatch` when its metadata are others now.
 */
export function readSelection(at: string, dataset?: string): Selection {
  const file = fs.existsSync(at) && fs.statSync(at).isDirectory() ? path.join(at, SELECTION_FILE) : at;
  const result = schema.safeParse(readJson(file));
  if (!result.success) {
    const { path: where, message } = result.error.issues[0]!;
    throw new VlaError('bad-data', `${file}: ${where.join('.') || 'the whole'}: ${message}.`, {
      cause: result.error,
      hint: 'Make it again with `vlakit data clean`.',
    });
  }
  const selection = result.data;
  if (dataset !== undefined && datasetHash(dataset) !== selection.dataset.sha256) {
    throw new VlaError('mismatch', `${file}: expected a selection of ${dataset}, got one of other metadata.`, {
      hint: 'The dataset has changed, or it is another one: clean it again.',
    });
  }
  return selection;
}

/** The episodes of which frames are kept, ascending: those that training opens. */
export function keptEpisodes({ episodes }: Selection): number[] {
  return episodes.filter(isUsed).map(({ index }) => index);
}

function isUsed({ keep, keyframes }: Selection['episodes'][number]): boolean {
  if (keyframes === undefined) return keep.length > 0;
  return keyframes.some((frame) => keep.some(([start, end]) => frame >= start && frame < end));
}

/** What a selection keeps of each opened episode, for the order and the loader; nothing of episodes it does not know. */
export function frameSelection({ episodes }: Selection, opened: Pick<Dataset, 'name' | 'episodes'>): FrameSelection {
  const byIndex = new Map(episodes.map((episode) => [episode.index, episode]));
  return opened.episodes.map(({ index, length }): KeptFrames => {
    const found = byIndex.get(index);
    if (found === undefined) return { ranges: [] };
    if (found.length === length) {
      const { keep, keyframes } = found;
      return { ranges: keep, ...(keyframes !== undefined && { keyframes }) };
    }
    throw new VlaError(
      'mismatch',
      `${opened.name}: the selection says that episode ${index} has ${found.length} frames, but it has ${length}.`,
      { hint: 'The selection belongs to another dataset, or to an older state of it: clean it again.' },
    );
  });
}

/** A numeric feature of every kept stretch, row-major; keyframes make no difference. Chunks within a stretch end with it. */
export async function selectedColumns(
  dataset: Dataset,
  feature: string,
  selection: FrameSelection,
): Promise<Float32Array[]> {
  const size = dataset.features[feature]!.shape.reduce((product, n) => product * n, 1);
  const stretches = selection.map(({ ranges }) => ({ ranges }));
  const parts: Float32Array[] = [];
  for (const { episode, start, length } of drawableRuns(lengthsOf(dataset), stretches)) {
    const column = await dataset.column(feature, dataset.episodes[episode]!.index);
    parts.push(column.subarray(start * size, (start + length) * size));
  }
  return parts;
}

/** Statistics of a numeric feature over the kept stretches. */
export async function selectedStatistics(
  dataset: Dataset,
  feature: string,
  selection: FrameSelection,
): Promise<FeatureStatistics> {
  const size = dataset.features[feature]!.shape.reduce((product, n) => product * n, 1);
  return exactStatistics(await selectedColumns(dataset, feature, selection), size, `${dataset.name}: "${feature}"`);
}

function lengthsOf({ episodes }: Dataset): number[] {
  return episodes.map(({ length }) => length);
}

/** Frames that may start a sample. */
export function selectedFrames(selection: FrameSelection, lengths: readonly number[]): number {
  return drawableRuns(lengths, selection).reduce((sum, run) => sum + run.length, 0);
}
