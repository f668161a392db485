/** @file The result as a table for the terminal: aligned, with colour only where a person looks. */

import { ALL_TASKS } from './summarise.ts';
import type { EvaluationResult, ResultRow } from './result.ts';

const COLOURS = { good: 32, middling: 33, bad: 31, faint: 2, strong: 1 } as const;
type Colour = keyof typeof COLOURS;

interface Cell {
  readonly text: string;
  readonly right?: boolean;
  readonly colour?: Colour;
}

/** The summary rows, the latency and the warnings as lines of text. `colour` adds ANSI escapes. */
export function resultTable(result: EvaluationResult, colour: boolean): string {
  const { protocol, timing, policy, environment } = result;
  const head = ['condition', 'task', 'success', 'rate', '95 % interval', 'wrong object', 'mean length'];
  const rows = result.rows.map((row) =>
    cells(
      row,
      protocol.conditions.find(({ name }) => name === row.condition)!,
    ),
  );
  const table = [head.map((text): Cell => ({ text, colour: 'faint' })), ...rows];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]!.text.length)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => paint(cell, widths[column]!, colour))
      .join('  ')
      .trimEnd(),
  );
  const ends = protocol.conditions.map(({ name }) => result.rows.filter((row) => row.condition === name).length);
  const spaced = separate(lines, ends);
  const { latencyMs } = timing;
  const facts = [
    `${policy.name} in ${environment.name}: ${result.episodes.length} of ${result.planned} episodes` +
      (result.partial ? ' (stopped early)' : ''),
    `policy latency p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms over ${timing.inferences} inferences`,
    ...result.warnings.map((warning) => `warning: ${warning}`),
  ];
  return [...spaced, '', ...facts].join('\n');
}

function cells(row: ResultRow, condition: EvaluationResult['protocol']['conditions'][number]): Cell[] {
  const all = row.task === ALL_TASKS;
  const verdict: Colour = row.rate >= 0.85 ? 'good' : row.rate >= 0.5 ? 'middling' : 'bad';
  // Where the goal must not be reached, a high rate is no good sign and a low one is the point.
  const opposite: Colour = row.rate <= 0.05 ? 'good' : row.rate <= 0.5 ? 'middling' : 'bad';
  return [
    { text: row.condition, ...(all ? { colour: 'strong' as const } : {}) },
    { text: row.task, ...(all ? { colour: 'strong' as const } : {}) },
    { text: `${row.successes}/${row.episodes}`, right: true },
    { text: percent(row.rate), right: true, colour: condition.wantsSuccess ? verdict : opposite },
    { text: `${percent(row.low)} – ${percent(row.high)}`, right: true },
    { text: row.wrong === 0 ? '·' : `${row.wrong}`, right: true },
    { text: row.meanLength.toFixed(1), right: true },
  ];
}

/** A blank line between conditions; `counts` are their numbers of rows. */
function separate(lines: readonly string[], counts: readonly number[]): string[] {
  const [head, ...body] = lines;
  const groups: string[][] = [];
  for (const count of counts.filter((n) => n > 0)) groups.push(body.splice(0, count));
  return [head!, ...groups.flatMap((group, i) => (i === 0 ? group : ['', ...group]))];
}

/** A share in per cent with one decimal, for example "97.0 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function paint(cell: Cell, width: number, colour: boolean): string {
  const text = cell.right ? cell.text.padStart(width) : cell.text.padEnd(width);
  return colour && cell.colour !== undefined ? `\u001b[${COLOURS[cell.colour]}m${text}\u001b[0m` : text;
}
