/** @file What lies in a folder of weights, as one table: family and size, what fits and what does not, tokenizer, statistics. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { PUBLISHED_FAMILIES } from '../models/published-families.ts';
import type { PublishedFamily } from '../models/published-layout.ts';
import { bytesText, nameGroups } from './describe.ts';
import { inspectOwn, isOwnFolder } from './inspect-own.ts';
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
import { examinePublishedFolder, type PublishedFolder } from './published-folder.ts';
import type { WeightsOf } from './policy-checkpoint.ts';
import { modelSize } from './size-table.ts';
import { openWeightFiles, weightStems, type WeightFiles } from './weight-files.ts';

/**
 * Inspects a published folder, or a checkpoint or run of vlakit. Reads headers and JSON files, never code; of a published
 * folder no numbers. `weightsOf` completes checkpoints that hold only what was trained. Throws only when it is no folder.
 */
export function inspectFolder(
  folder: string,
  weightsOf?: WeightsOf,
  families: readonly PublishedFamily[] = PUBLISHED_FAMILIES,
): Inspection {
  if (isOwnFolder(folder)) return inspectOwn(folder, weightsOf);
  const found = examinePublishedFolder(folder, families);
  return found === null ? inspectUnknown(folder, families) : inspectPublished(found);
}

function inspectPublished(found: PublishedFolder): Inspection {
  const { folder, published, size, config, comparison, stored } = found;
  const { family, layout } = published;
  const { dead, tied, transposed } = comparison;
  const tokenizer = tokenizerRow(folder, config.language.vocabulary);
  const problems = [...found.problems, ...tokenizer.problems];
  const by = found.recognisedBy === 'config' ? published.configFiles.join(' and ') : 'the shapes of its tensors';
  const readAs = (name: string): string => {
    const swapped = layout.transposed.some((t) => t.ours === 'swapped' && t.pattern.test(name));
    return swapped ? 'transposed at load' : 'read as stored';
  };
  const rows = [
    row('family', [`${family.title} (${family.name}), size ${size}, by ${by}`]),
    row('files', fileLines(stored)),
    sizeRow(modelSize(found.parameters, published.part)),
    row('stored', dtypeLines(stored)),
    ...fitRows(comparison),
    row('dead weight', deadLines(stored, dead)),
    row(
      'tied',
      tied.map(({ name, same, stored: times }) => `${name} = ${same} (stored ${times})`),
    ),
    row('transposed', nameGroups(transposed.map((name) => `${name} (${readAs(name)})`))),
    tokenizer.row,
    row('statistics', statisticsLines(folder, published)),
    verdict(problems),
  ];
  return { folder, rows, problems };
}

/** A folder of no known family still says what is in it. */
function inspectUnknown(folder: string, families: readonly PublishedFamily[]): Inspection {
  const stored = openWeightFiles(folder, weightStems(folder));
  const config = path.join(folder, 'config.json');
  const type = fs.existsSync(config) ? (readJson<{ model_type?: unknown } | null>(config)?.model_type ?? null) : null;
  const unknown = new VlaError('not-found', `${folder}: expected a checkpoint of a known family, got none.`, {
    hint: `Families: ${families.map(({ family }) => family.name).join(', ')}.`,
  });
  const said = type === null ? 'no model_type' : `model_type ${JSON.stringify(type)}`;
  const problems = [...stored.problems, unknown];
  return {
    folder,
    rows: [
      { label: 'family', lines: [`unknown (config.json: ${said}; no family's tensors either)`] },
      { label: 'files', lines: stored.files.length === 0 ? ['no safetensors'] : fileLines(stored) },
      { label: 'stored', lines: dtypeLines(stored) },
      verdict(problems),
    ],
    problems,
  };
}

function deadLines({ tensors }: WeightFiles, dead: readonly string[]): string[] {
  return dead.map((name) => `${name} (${bytesText(tensors[name]!.length)}, not loaded)`);
}

function statisticsLines(folder: string, published: PublishedFamily): string[] {
  const lines = published.statistics.flatMap(({ file, describe }) => {
    const at = path.join(folder, file);
    if (!fs.existsSync(at)) return [];
    return describe(readJson(at)).map((line) => `${file}: ${line}`);
  });
  if (lines.length > 0 || published.statisticsElsewhere === null) return lines;
  return [`none here: ${published.statisticsElsewhere}`];
}
