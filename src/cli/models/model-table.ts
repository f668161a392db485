/** @file The families that vlakit knows and their published sizes, as rows of a table. */

import { bytesText, countText } from '../../checkpoints/describe.ts';
import { modelSize } from '../../checkpoints/size-table.ts';
import { PUBLISHED_FAMILIES } from '../../models/published-families.ts';

/** One published size. */
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

/** All sizes of all families, the table's header, and what the last column means. */
export function modelRows(): { header: string[]; rows: ModelRow[]; note: string } {
  const rows = PUBLISHED_FAMILIES.flatMap((family) =>
    family.sizes.map((size): ModelRow => {
      const { parameters, parts, bytes } = modelSize(size, family);
      return {
        family: family.name,
        size: size.name,
        parameters: countText(parameters),
        vision: countText(parts.vision),
        language: countText(parts.language),
        expert: countText(parts.expert),
        fp32: bytesText(bytes.fp32),
        bf16: bytesText(bytes.bf16),
        int8: bytesText(bytes.int8),
      };
    }),
  );
  return {
    header: ['family', 'size', 'parameters', 'vision', 'language', 'expert', 'fp32', 'bf16', 'int8'],
    rows,
    note: 'Memory of the weights alone. int8: matrices in 8 bits with a scale per row, the rest in bf16.',
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
