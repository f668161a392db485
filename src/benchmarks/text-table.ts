/** @file Tables for the terminal: columns aligned, with colour only where a person looks. */

const COLOURS = { good: 32, middling: 33, bad: 31, faint: 2, strong: 1 } as const;

/** One cell; aligned to the left unless it says otherwise. */
export interface Cell {
  readonly text: string;
  readonly right?: boolean;
  readonly colour?: keyof typeof COLOURS;
}

/** One line of a table; it may have fewer cells than others. */
export type Line = readonly Cell[];

/** The lines as text; `colour` adds ANSI escapes. */
export function aligned(table: readonly Line[], colour: boolean): string[] {
  const columns = Math.max(0, ...table.map((line) => line.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...table.map((line) => line[i]?.text.length ?? 0)));
  return table.map((line) =>
    line
      // Behind the last there is nothing to be aligned.
      .map((cell, i) => paint(cell, i === line.length - 1 && cell.right !== true ? 0 : widths[i]!, colour))
      .join('  ')
      .trimEnd(),
  );
}

/** The same as a Markdown table; the first line is its head. */
export function markdown(table: readonly Line[]): string[] {
  const [head = [], ...body] = table.filter((line) => line.length > 0);
  const rule = head.map(({ right }) => (right === true ? '---:' : '---'));
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const texts = (line: Line): string[] => head.map((_, i) => (line[i]?.text ?? '').replaceAll('|', String.raw`\|`));
  return [row(texts(head)), row(rule), ...body.map((line) => row(texts(line)))];
}

function paint(cell: Cell, width: number, colour: boolean): string {
  const text = cell.right ? cell.text.padStart(width) : cell.text.padEnd(width);
  return colour && cell.colour !== undefined ? `\u001b[${COLOURS[cell.colour]}m${text}\u001b[0m` : text;
}
