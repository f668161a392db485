/** @file Numbers and tables as the pages of studies write them. */

/** 0.4567 → "45.7". The column says percent. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** 0.0312 → "+3.1". */
export function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share > 0 ? `+${text}` : text.replace('-', '−');
}

/** Three digits: 1234.5 → "1230", 0.04567 → "0.0457". */
export function quantity(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1).replace('-', '−');
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

/** With its sign: 0.2 → "+0.2". */
export function signedQuantity(value: number): string {
  return value > 0 ? `+${quantity(value)}` : quantity(value);
}

/** A Markdown table with columns padded to one width; the first is aligned left, the others right. */
export function markdownTable(head: readonly string[], body: readonly (readonly string[])[]): string {
  const widths = head.map((_, c) => Math.max(3, ...[head, ...body].map((row) => row[c]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join(' | ')} |`;
  const rule = widths.map((width, c) => (c === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...body.map(line)].join('\n');
}
