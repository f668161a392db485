/** @file What lies in a folder of weights, as one table: family and size, what fits and what does not, tokenizer, statistics. Node only. */

import fs from 'node:fs';
import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import type { DType } from '../base/tensor.ts';
import { PUBLISHED_FAMILIES } from '../models/published-families.ts';
import type { PublishedFamily } from '../models/published-layout.ts';
import { bytesText, countText, nameGroups } from './describe.ts';
import { examinePublishedFolder, type PublishedFolder } from './published-folder.ts';
import { modelSize } from './size-table.ts';
import { readTokenizerFiles, requireVocabulary } from './tokenizer-files.ts';
import { openWeightFiles, weightStems, type WeightFiles } from './weight-files.ts';

/** One row of the table. */
export interface InspectionRow {
  readonly label: string;
  /** One line each; never empty. */
  readonly lines: readonly string[];
}

/** The whole table. */
export interface Inspection {
  readonly folder: string;
  readonly rows: readonly InspectionRow[];
  /** Why it cannot be loaded; empty when it can. */
  readonly problems: readonly VlaError[];
}

/** Reads headers and JSON files of `folder`, never code or numbers. Throws only when it is no folder. */
export function inspectFolder(folder: string, families: readonly PublishedFamily[] = PUBLISHED_FAMILIES): Inspection {
  const found = examinePublishedFolder(folder, families);
  return found === null ? inspectUnknown(folder, families) : inspectPublished(found);
}

function inspectPublished(found: PublishedFolder): Inspection {
  const { folder, published, size, config, comparison, stored } = found;
  const { family, layout } = published;
  const { missing, misshaped, extra, dead, tied, transposed } = comparison;
  const counts = modelSize(found.parameters, published.part);
  const tokenizer = tokenizerRow(folder, config.language.vocabulary);
  const problems = [...found.problems, ...tokenizer.problems];
  const row = (label: string, lines: readonly string[]): InspectionRow => ({
    label,
    lines: lines.length === 0 ? ['none'] : lines,
  });
  const by = found.recognisedBy === 'config' ? published.configFiles.join(' and ') : 'the shapes of its tensors';
  const readAs = (name: string): string => {
    const swapped = layout.transposed.some((t) => t.ours === 'swapped' && t.pattern.test(name));
    return swapped ? 'transposed at load' : 'read as stored';
  };
  const { vision, language, expert } = counts.parts;
  const rows = [
    row('family', [`${family.title} (${family.name}), size ${size}, by ${by}`]),
    row('files', fileLines(stored)),
    row('parameters', [
      `${countText(counts.parameters)}: vision ${countText(vision)}, language ${countText(language)}, expert ${countText(expert)}`,
    ]),
    row('stored', dtypeLines(stored)),
    row('missing', nameGroups(missing.map(({ name, shape }) => `${name} [${shape.join(', ')}]`))),
    row('extra', nameGroups(extra)),
    row(
      'misshaped',
      misshaped.map(({ published, expected, got }) => `${published}: expected ${expected}, got ${got}`).slice(0, 8),
    ),
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

function verdict(problems: readonly VlaError[]): InspectionRow {
  if (problems.length === 0) return { label: 'loads', lines: ['yes'] };
  const more = problems.length > 3 ? [`and ${problems.length - 3} more`] : [];
  return { label: 'loads', lines: ['no', ...problems.slice(0, 3).map(({ message }) => message), ...more] };
}

function fileLines({ files }: WeightFiles): string[] {
  return files.map(({ name, bytes }) => `${name} ${bytesText(bytes)}`);
}

function dtypeLines({ tensors }: WeightFiles): string[] {
  const totals: Partial<Record<DType, { count: number; bytes: number }>> = {};
  for (const { dtype, length } of Object.values(tensors)) {
    const total = (totals[dtype] ??= { count: 0, bytes: 0 });
    total.count++;
    total.bytes += length;
  }
  const lines = Object.entries(totals).map(
    ([dtype, { count, bytes }]) => `${dtype}: ${countText(count)} tensors, ${countText(bytes)} bytes`,
  );
  return lines.length === 0 ? ['nothing'] : lines;
}

function deadLines({ tensors }: WeightFiles, dead: readonly string[]): string[] {
  return dead.map((name) => `${name} (${bytesText(tensors[name]!.length)}, not loaded)`);
}

function tokenizerRow(folder: string, vocabulary: number): { row: InspectionRow; problems: VlaError[] } {
  try {
    const found = readTokenizerFiles(folder);
    if (found === null) return { row: { label: 'tokenizer', lines: ['none'] }, problems: [] };
    const line = `${found.files.join(', ')}: ${countText(found.tokens)} tokens for ${countText(vocabulary)} rows`;
    const row = { label: 'tokenizer', lines: [line] };
    try {
      requireVocabulary(folder, found, vocabulary);
      return { row, problems: [] };
    } catch (error) {
      return { row, problems: [error as VlaError] };
    }
  } catch (error) {
    if (!(error instanceof VlaError)) throw error;
    return { row: { label: 'tokenizer', lines: ['damaged'] }, problems: [error] };
  }
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
