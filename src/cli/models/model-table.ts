/** @file The families that vlakit knows and their sizes, as rows of a table. */

import { bytesText, countText } from '../../checkpoints/describe.ts';
import { modelSize } from '../../checkpoints/size-table.ts';
import { FAMILIES } from '../../models/families.ts';
import type { AnyFamily } from '../../models/family.ts';
import { PUBLISHED_FAMILIES } from '../../models/published-families.ts';
import type { ParameterSpec, Tree } from '../../nn/parameters.ts';

/** One size. */
export interface ModelRow {
  readonly family: string;
  readonly size: string;
  readonly parameters: string;
  readonly vision: string;
  readonly language: string;
  readonly expert: string;
  readonly fp32: string;
  readonly bf16: string;
  readonly int8: string;
}

/** What the tabletop asks of a tiny model: the shipped tokenizer, its state, its actions. */
const TABLETOP = { vocabulary: 576, stateDim: 8, actionDim: 7, supervision: {} };
const TABLETOP_PROMPT = 109;

/** All sizes of all families, the table's header, and what it means. */
export function modelRows(): { header: string[]; rows: ModelRow[]; note: string } {
  const rows = Object.values(FAMILIES).flatMap((family) => [
    ...Object.entries(family.published).map(([size, config]) => modelRow(family, size, family.spec(config, 0))),
    modelRow(family, 'tiny', family.spec(family.tiny(TABLETOP), TABLETOP_PROMPT)),
  ]);
  return {
    header: ['family', 'size', 'parameters', 'vision', 'language', 'expert', 'fp32', 'bf16', 'int8'],
    rows,
    note: [
      'Memory of the weights alone. int8: matrices in 8 bits with a scale per row, the rest in bf16.',
      'tiny: as for the tabletop, without supervision heads.',
    ].join('\n'),
  };
}

function modelRow(family: AnyFamily, size: string, spec: Tree<ParameterSpec>): ModelRow {
  const published = PUBLISHED_FAMILIES.find((entry) => entry.family.name === family.name);
  const { parameters, parts, bytes } = modelSize(spec, published?.part ?? (() => 'expert'));
  const part = (count: number): string => (published === undefined ? '–' : countText(count));
  return {
    family: family.name,
    size,
    parameters: countText(parameters),
    vision: part(parts.vision),
    language: part(parts.language),
    expert: part(parts.expert),
    fp32: bytesText(bytes.fp32),
    bf16: bytesText(bytes.bf16),
    int8: bytesText(bytes.int8),
  };
}

/** Rows of text with aligned columns; columns of numbers are aligned on the right. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const at = (column: number): string[] => rows.map((row) => row[column] ?? '');
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...at(c).map((text) => text.length)));
  const right = widths.map((_, c) =>
    at(c)
      .slice(1)
      .some((text) => /^[\d,.]+( [kMGT]?B)?$/.test(text)),
  );
  const cell = (text: string, c: number): string => (right[c] ? text.padStart(widths[c]!) : text.padEnd(widths[c]!));
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}
