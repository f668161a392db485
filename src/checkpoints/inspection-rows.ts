/** @file Rows that every inspection of a folder has: files, element types, tokenizer, and whether it loads. Node only. */

import { VlaError } from '../base/errors.ts';
import type { DType } from '../base/tensor.ts';
import { bytesText, countText, nameGroups } from './describe.ts';
import type { Comparison } from './compare-weights.ts';
import type { ModelSize } from './size-table.ts';
import { readTokenizerFiles, requireVocabulary } from './tokenizer-files.ts';
import type { WeightFiles } from './weight-files.ts';

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

/** A row; "none" where there are no lines. */
export const row = (label: string, lines: readonly string[]): InspectionRow => ({
  label,
  lines: lines.length === 0 ? ['none'] : lines,
});

/** Parameters, part by part. */
export function sizeRow({ parameters, parts }: ModelSize): InspectionRow {
  const each = Object.entries(parts).map(([part, count]) => `${part} ${countText(count)}`);
  return row('parameters', [`${countText(parameters)}: ${each.join(', ')}`]);
}

/** What is missing, too much, or of another shape. */
export function fitRows({ missing, extra, misshaped }: Comparison): InspectionRow[] {
  return [
    row('missing', nameGroups(missing.map(({ name, shape }) => `${name} [${shape.join(', ')}]`))),
    row('extra', nameGroups(extra)),
    row(
      'misshaped',
      misshaped.map(({ published, expected, got }) => `${published}: expected ${expected}, got ${got}`).slice(0, 8),
    ),
  ];
}

/** Whether it loads, and the first reasons why not. */
export function verdict(problems: readonly VlaError[]): InspectionRow {
  if (problems.length === 0) return { label: 'loads', lines: ['yes'] };
  const more = problems.length > 3 ? [`and ${problems.length - 3} more`] : [];
  return { label: 'loads', lines: ['no', ...problems.slice(0, 3).map(({ message }) => message), ...more] };
}

/** Files with their sizes. */
export function fileLines({ files }: WeightFiles): string[] {
  return files.map(({ name, bytes }) => `${name} ${bytesText(bytes)}`);
}

/** Tensors and bytes by element type. */
export function dtypeLines({ tensors }: WeightFiles): string[] {
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

/** The tokenizer's files, and what is wrong with them. */
export function tokenizerRow(folder: string, vocabulary: number): { row: InspectionRow; problems: VlaError[] } {
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
