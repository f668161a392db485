/** @file A folder as a hub holds it: which family and size it is, its weight files, and how they fit the model. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { PUBLISHED_FAMILIES } from '../models/published-families.ts';
import type { PublishedFamily, PublishedSize } from '../models/published-layout.ts';
import { flatten, type ParameterSpec } from '../nn/parameters.ts';
import { compareWeights, type Comparison } from './compare-weights.ts';
import { placeWeights, type PlacedWeights } from './place-weights.ts';
import { openWeightFiles, weightStems, type WeightFiles } from './weight-files.ts';

/** A folder and the model in it. */
export interface PublishedFolder {
  readonly folder: string;
  readonly family: PublishedFamily;
  readonly size: PublishedSize;
  /** `config`: its configuration files say what it is. `shapes`: they do not, but most of its tensors fit. */
  readonly recognisedBy: 'config' | 'shapes';
  readonly stored: WeightFiles;
  readonly comparison: Comparison;
  /** All that keeps it from being loaded, the worst first. */
  readonly problems: readonly VlaError[];
}

/** Share of a model's tensors that must fit before a folder without a known configuration is called that model. */
const ENOUGH = 0.3;

/** Recognises and compares a folder; null when it is of no known family. Reads headers and JSON only. */
export function examinePublishedFolder(
  folder: string,
  families: readonly PublishedFamily[] = PUBLISHED_FAMILIES,
): PublishedFolder | null {
  if (!fs.existsSync(folder)) {
    throw new VlaError('not-found', `${folder}: expected a folder, got no such path.`, { hint: 'Check the path.' });
  }
  const recognised = byConfig(folder, families) ?? byShapes(folder, families);
  if (recognised === null) return null;
  const { family, size } = recognised;
  const stored = openWeightFiles(folder, family.layout.files);
  const comparison = compareWeights(size.parameters, family.layout, stored);
  return { ...recognised, folder, stored, comparison, problems: [...stored.problems, ...comparison.problems] };
}

/** A published folder that is whole, with its weights in place. Throws the first of its problems, or `not-found`. */
export function openPublishedFolder(
  folder: string,
  families: readonly PublishedFamily[] = PUBLISHED_FAMILIES,
): PublishedFolder & PlacedWeights {
  const found = examinePublishedFolder(folder, families);
  if (found === null) {
    throw new VlaError('not-found', `${folder}: expected a checkpoint of a known family, got none.`, {
      hint: `Families: ${families.map(({ name }) => name).join(', ')}. See \`vlakit models inspect\`.`,
    });
  }
  if (found.problems[0] !== undefined) throw found.problems[0];
  return { ...found, ...placeWeights(folder, found.comparison.placed) };
}

type Recognised = Pick<PublishedFolder, 'family' | 'size' | 'recognisedBy'>;

function byConfig(folder: string, families: readonly PublishedFamily[]): Recognised | null {
  for (const family of families) {
    const configs: Record<string, unknown> = {};
    for (const file of family.configFiles) {
      const at = path.join(folder, file);
      if (fs.existsSync(at)) configs[file] = readJson(at);
    }
    const size = family.recognise(configs, folder);
    if (size !== null) return { family, size, recognisedBy: 'config' };
  }
  return null;
}

/** The size whose tensors the folder has most of, by name and shape. */
function byShapes(folder: string, families: readonly PublishedFamily[]): Recognised | null {
  const { tensors } = openWeightFiles(folder, weightStems(folder));
  let best: { share: number; found: Recognised } | null = null;
  for (const family of families) {
    for (const size of family.sizes) {
      const { placed } = compareWeights(size.parameters, family.layout, { folder, tensors });
      const share = Object.keys(placed).length / flatten<ParameterSpec>(size.parameters).length;
      if (share >= ENOUGH && share > (best?.share ?? 0)) {
        best = { share, found: { family, size, recognisedBy: 'shapes' } };
      }
    }
  }
  return best?.found ?? null;
}
