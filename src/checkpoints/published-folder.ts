/** @file A folder as a hub holds it: which family and size it is, its weight files, and how they fit the model. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { PUBLISHED_FAMILIES } from '../models/published-families.ts';
import type { AnyFamily, FamilyConfig } from '../models/family.ts';
import type { PublishedFamily } from '../models/published-layout.ts';
import { flatten, type ParameterSpec, type Tree } from '../nn/parameters.ts';
import { compareWeights, type Comparison } from './compare-weights.ts';
import { placeWeights, type PlacedWeights } from './place-weights.ts';
import { openWeightFiles, weightStems, type HeaderCache, type WeightFiles } from './weight-files.ts';

/** A folder and the model in it. */
export interface PublishedFolder {
  readonly folder: string;
  readonly published: PublishedFamily;
  /** A published size's name, or "other". */
  readonly size: string;
  /** Our configuration of the model. */
  readonly config: FamilyConfig;
  readonly parameters: Tree<ParameterSpec>;
  /** `config`: its configuration files say what it is. `shapes`: they do not, but most of its tensors fit. */
  readonly recognisedBy: 'config' | 'shapes';
  readonly stored: WeightFiles;
  readonly comparison: Comparison;
  /** All that keeps it from being loaded, the worst first. */
  readonly problems: readonly VlaError[];
}

/** Share of tensors, those of the model and those of the folder, that must fit before a folder without a known configuration is called that model. */
const ENOUGH = 0.3;
/** Published models learn nothing about the places of a prompt, so its length does not matter. */
const NO_PROMPT = 0;

/** Recognises and compares a folder; null when it is of no known family. Reads headers and JSON only. */
export function examinePublishedFolder(
  folder: string,
  families: readonly PublishedFamily[] = PUBLISHED_FAMILIES,
): PublishedFolder | null {
  if (!fs.existsSync(folder)) {
    throw new VlaError('not-found', `${folder}: expected a folder, got no such path.`, { hint: 'Check the path.' });
  }
  const headers: HeaderCache = new Map();
  const recognised = byConfig(folder, families, headers) ?? byShapes(folder, families, headers);
  if (recognised === null) return null;
  const { published, config } = recognised;
  const { family, layout } = published;
  const parameters = family.spec(config, NO_PROMPT);
  const stored = openWeightFiles(folder, layout.files, headers);
  const comparison = compareWeights(parameters, layout, stored);
  return {
    ...recognised,
    folder,
    size: sizeName(family, config),
    parameters,
    stored,
    comparison,
    problems: [...stored.problems, ...comparison.problems],
  };
}

/** A published folder that is whole, with its weights in place. Throws the first of its problems, or `not-found`. */
export function openPublishedFolder(
  folder: string,
  families: readonly PublishedFamily[] = PUBLISHED_FAMILIES,
): PublishedFolder & PlacedWeights {
  const found = examinePublishedFolder(folder, families);
  if (found === null) {
    throw new VlaError('not-found', `${folder}: expected a checkpoint of a known family, got none.`, {
      hint: `Families: ${families.map(({ family }) => family.name).join(', ')}. See \`vlakit models inspect\`.`,
    });
  }
  if (found.problems[0] !== undefined) throw found.problems[0];
  return { ...found, ...placeWeights(folder, found.comparison.placed) };
}

type Recognised = Pick<PublishedFolder, 'published' | 'config' | 'recognisedBy'>;

function byConfig(folder: string, families: readonly PublishedFamily[], headers: HeaderCache): Recognised | null {
  for (const published of families) {
    const configs: Record<string, unknown> = {};
    for (const file of published.configFiles) {
      const at = path.join(folder, file);
      if (fs.existsSync(at)) configs[file] = readJson(at);
    }
    if (Object.keys(configs).length === 0) continue;
    const { names } = openWeightFiles(folder, published.layout.files, headers);
    const config = published.recognise(configs, names, folder);
    if (config !== null) return { published, config, recognisedBy: 'config' };
  }
  return null;
}

/** The size whose tensors the folder has most of, by name and shape. */
function byShapes(folder: string, families: readonly PublishedFamily[], headers: HeaderCache): Recognised | null {
  const { tensors } = openWeightFiles(folder, weightStems(folder), headers);
  let best: { share: number; found: Recognised } | null = null;
  for (const published of families) {
    for (const config of Object.values(published.family.published)) {
      const parameters = published.family.spec(config, NO_PROMPT);
      const { placed, extra } = compareWeights(parameters, published.layout, { folder, tensors });
      const share = Object.keys(placed).length / (flatten<ParameterSpec>(parameters).length + extra.length);
      if (share >= ENOUGH && share > (best?.share ?? 0)) {
        best = { share, found: { published, config, recognisedBy: 'shapes' } };
      }
    }
  }
  return best?.found ?? null;
}

/** The published size that differs from `config` in nothing but the rows of the vocabulary, which grows with added tokens. */
function sizeName({ published }: AnyFamily, config: FamilyConfig): string {
  const plain = (c: FamilyConfig): object => ({ ...c, language: { ...c.language, vocabulary: 0 } });
  const found = Object.entries(published).find(([, size]) => isDeepStrictEqual(plain(size), plain(config)));
  return found === undefined ? 'other' : found[0];
}
