/** @file What lies in a checkpoint of vlakit's own: the same table, with what its weights say they were made with. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { familyOf } from '../models/families.ts';
import type { AnyFamily, FamilyConfig } from '../models/family.ts';
import { modelSpec } from '../models/flow-trainable.ts';
import { PUBLISHED_FAMILIES } from '../models/published-families.ts';
import { PLAIN_LAYOUT } from '../models/published-layout.ts';
import { BASE_FILE, WEIGHTS_FILE } from './checkpoint.ts';
import { checkpointSteps, resolveCheckpoint } from './checkpoint-series.ts';
import { compareWeights, swapLast } from './compare-weights.ts';
import {
  dtypeLines,
  fileLines,
  fitRows,
  row,
  sizeRow,
  tokenizerRow,
  verdict,
  type Inspection,
} from './inspection-rows.ts';
import { metadataLines } from './metadata.ts';
import { readFolderCodec, readPolicyCheckpoint, type WeightsOf } from './policy-checkpoint.ts';
import { modelSize } from './size-table.ts';
import { openWeightFiles, type WeightFiles } from './weight-files.ts';
import { PLACES_FILE, readPlaces, type PlacedByFile } from './weight-places.ts';

/** Whether a folder is a checkpoint of vlakit (its config.json names a family), or a training run. */
export function isOwnFolder(folder: string): boolean {
  if (checkpointSteps(folder).length > 0) return true;
  const config = path.join(folder, 'config.json');
  if (!fs.existsSync(config)) return false;
  try {
    return typeof readJson<{ family?: unknown } | null>(config)?.family === 'string';
  } catch {
    return false;
  }
}

/** Inspects a checkpoint, or the best (else newest) one of a run. */
export function inspectOwn(word: string, weightsOf?: WeightsOf): Inspection {
  const folder = resolveCheckpoint(word);
  const problems = collect(() => void readPolicyCheckpoint(folder, {}, weightsOf));
  const stored = weightsIn(folder);
  const said = metadataLines(stored.files[0]?.metadata ?? {});
  let model: Model | null = null;
  const unreadable = collect(() => (model = readModel(folder)));
  if (model === null) {
    const reasons = problems.length > 0 ? problems : unreadable;
    return {
      folder,
      rows: [row('files', fileLines(stored)), row('stored', dtypeLines(stored)), verdict(reasons)],
      problems: reasons,
    };
  }
  const { family, config, parameters } = model as Model;
  const { part } = PUBLISHED_FAMILIES.find((published) => published.family.name === family.name) ?? EXPERT_ALONE;
  const base = baseLines(folder);
  const statistics = fs.existsSync(path.join(folder, 'codec.json')) ? ['in codec.json'] : [];
  return {
    folder,
    rows: [
      row('family', [`${family.title} (${family.name}), a checkpoint of vlakit`]),
      row('files', fileLines(stored)),
      sizeRow(modelSize(parameters, part)),
      row('stored', dtypeLines(stored)),
      ...(base === null ? fitRows(compareWeights(parameters, PLAIN_LAYOUT, stored)) : [row('base', base)]),
      row('made with', said.length === 0 ? ['not said: from an earlier version, or from elsewhere'] : said),
      tokenizerRow(folder, config.language.vocabulary).row,
      row('statistics', statistics),
      verdict(problems),
    ],
    problems,
  };
}

/** The checkpoint's own weight file, or the published files that it points at. */
function weightsIn(folder: string): WeightFiles {
  const at = path.join(folder, PLACES_FILE);
  if (fs.existsSync(path.join(folder, WEIGHTS_FILE)) || !fs.existsSync(at)) return openWeightFiles(folder, ['model']);
  const empty = { folder, files: [], names: new Set<string>(), tensors: {} };
  let places: PlacedByFile | null = null;
  const problems = collect(() => (places = readPlaces(at)));
  if (places === null) return { ...empty, problems };
  const { files, tensors, folder: published } = places as PlacedByFile;
  const read = Object.entries(tensors).map(([name, { stored, swapped }]) => {
    return [name, swapped ? { ...stored, shape: swapLast(stored.shape) } : stored] as const;
  });
  return {
    folder: published,
    files: files.map(({ name, bytes }) => ({ name: path.join(published, name), bytes, metadata: {} })),
    names: new Set(Object.keys(tensors)),
    tensors: Object.fromEntries(read),
    problems,
  };
}

/** Which weights those of the checkpoint are changes of; null where they are a whole model. */
function baseLines(folder: string): string[] | null {
  const at = path.join(folder, BASE_FILE);
  if (!fs.existsSync(at)) return null;
  const { checkpoint, sha256 } = readJson<{ checkpoint?: string; sha256?: string }>(at);
  return [`${checkpoint} (SHA-256 ${sha256?.slice(0, 12)}…); the file holds what was trained on it`];
}

interface Model {
  readonly family: AnyFamily;
  readonly config: FamilyConfig;
  readonly parameters: ReturnType<typeof modelSpec>;
}

const EXPERT_ALONE = { part: () => 'expert' as const };

function readModel(folder: string): Model {
  const where = path.join(folder, 'config.json');
  const content = readJson(where);
  const family = familyOf(content, where);
  const config = family.parse(content, where);
  return { family, config, parameters: modelSpec(family, config, readFolderCodec(folder)) };
}

/** What `work` throws for people. */
function collect(work: () => void): VlaError[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof VlaError) return [error];
    throw error;
  }
}
