/** @file The result as a table for the terminal. */

import { ALL_TASKS } from './summarise.ts';
import { summariseBroken, type Counts } from './broken-summary.ts';
import type { EvaluationResult, ResultRow } from './result.ts';
import { aligned, type Cell, type Line } from './text-table.ts';

/** From so many conditions on, a matrix of rates is easier to read than a line per condition and task. */
const MATRIX_FROM = 4;

/** The summary rows (or a matrix of them), the latency and the warnings as lines of text. `colour` adds ANSI escapes. */
export function resultTable(result: EvaluationResult, colour: boolean): string {
  const { protocol, timing, policy, environment } = result;
  const played = protocol.conditions.filter(({ name }) => result.rows.some(({ condition }) => condition === name));
  const table = played.length < MATRIX_FROM ? rowTable(result) : matrixTable(result, played);
  const { latencyMs } = timing;
  const facts = [
    `${policy.name} in ${environment.name}: ${result.episodes.length} of ${result.planned} episodes` +
      (result.partial ? ' (stopped early)' : ''),
    ...brokenLines(result),
    `policy latency p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms over ${timing.inferences} inferences`,
    ...result.warnings.map((warning) => `warning: ${warning}`),
  ];
  return [...aligned(table, colour), '', ...facts].join('\n');
}

/** More of them say little. */
const REASONS = 3;
const SHOWN = 10;

function brokenLines({ broken = [], protocol }: EvaluationResult): string[] {
  if (broken.length === 0) return [];
  const { conditions, tasks, reasons } = summariseBroken(broken);
  const label = taskLabels(protocol.tasks);
  const counts = (list: Counts, name: (word: string) => string): string => {
    const more = list.length > SHOWN ? `, ${list.length - SHOWN} more` : '';
    return `${list
      .slice(0, SHOWN)
      .map(([word, count]) => `${name(word)} ${count}`)
      .join(', ')}${more}`;
  };
  const where = [
    ...(protocol.conditions.length === 1 ? [] : [counts(conditions, (name) => name)]),
    counts(tasks, label),
  ].join('; ');
  return [
    `${broken.length} broken, which count nowhere (${where}):`,
    ...reasons.slice(0, REASONS).map(([reason, count]) => `  ${count} × ${reason}`),
  ];
}

type Condition = EvaluationResult['protocol']['conditions'][number];

/** One line per condition and task; a blank one between conditions. */
function rowTable(result: EvaluationResult): Line[] {
  const names = ['condition', 'task', 'success', 'rate', '95 % interval', 'wrong object', 'mean length'];
  names.push(...Object.keys(result.rows[0]?.metrics ?? {}));
  const head = names.map((text): Cell => ({ text, colour: 'faint' }));
  const label = taskLabels(result.protocol.tasks);
  const groups = result.protocol.conditions.map((condition) =>
    result.rows.filter((row) => row.condition === condition.name).map((row) => cells(row, condition, label)),
  );
  return [
    head,
    ...groups.filter((group) => group.length > 0).flatMap((group, i) => (i === 0 ? group : [[], ...group])),
  ];
}

/** Longer names of tasks are shortened. */
const LONGEST_LABEL = 48;

/** Names for a narrow column: without the words that all long ones share, as LIBERO's have them, and cut where that is not enough. */
export function taskLabels(tasks: readonly string[]): (task: string) => string {
  const words = tasks.map((task) => task.split('_'));
  const long = tasks.length > 1 && tasks.some(({ length }) => length > LONGEST_LABEL);
  const shortest = Math.min(...words.map(({ length }) => length)) - 1;
  const shared = (word: (list: readonly string[], i: number) => string | undefined): number => {
    let count = 0;
    while (count < shortest && words.every((list) => word(list, count) === word(words[0]!, count))) count++;
    return count;
  };
  const before = long ? shared((list, i) => list[i]) : 0;
  const after = long
    ? Math.min(
        shared((list, i) => list.at(-1 - i)),
        shortest - before,
      )
    : 0;
  return (task) => {
    if (!long || !tasks.includes(task)) return task;
    const own = task.split('_');
    const middle = own.slice(before, own.length - after).join('_');
    const text = `${before > 0 ? '…' : ''}${middle}${after > 0 ? '…' : ''}`;
    return text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text;
  };
}

/** Tasks down, conditions across; the last lines are the mean and its interval. */
function matrixTable(result: EvaluationResult, conditions: readonly Condition[]): Line[] {
  const { protocol } = result;
  const tasks = [...protocol.tasks, ALL_TASKS].filter((task) => result.rows.some((row) => row.task === task));
  const find = (condition: string, task: string): ResultRow | undefined =>
    result.rows.find((row) => row.condition === condition && row.task === task);
  const line = (label: string, cell: (condition: Condition) => Cell): Line => [
    { text: label },
    ...conditions.map(cell),
  ];
  const none: Cell = { text: '–', right: true };
  return [
    line('task', ({ name }) => ({ text: name, right: true, colour: 'faint' })),
    ...tasks.map((task) =>
      line(taskLabels(protocol.tasks)(task), (condition) => {
        const row = find(condition.name, task);
        return row === undefined ? none : { text: percent(row.rate), right: true, colour: verdict(row, condition) };
      }),
    ),
    line('95 % interval', ({ name }) => {
      const row = find(name, ALL_TASKS)!;
      return { text: `${Math.round(100 * row.low)}–${Math.round(100 * row.high)} %`, right: true, colour: 'faint' };
    }),
  ];
}

/** Where the goal must not be reached, a high rate is no good sign and a low one is the point. */
function verdict({ rate }: ResultRow, { wantsSuccess }: Condition): NonNullable<Cell['colour']> {
  if (wantsSuccess) return rate >= 0.85 ? 'good' : rate >= 0.5 ? 'middling' : 'bad';
  return rate <= 0.05 ? 'good' : rate <= 0.5 ? 'middling' : 'bad';
}

function cells(row: ResultRow, condition: Condition, label: (task: string) => string): Cell[] {
  const all = row.task === ALL_TASKS;
  return [
    { text: row.condition, ...(all ? { colour: 'strong' as const } : {}) },
    { text: label(row.task), ...(all ? { colour: 'strong' as const } : {}) },
    { text: `${row.successes}/${row.episodes}`, right: true },
    { text: percent(row.rate), right: true, colour: verdict(row, condition) },
    { text: `${percent(row.low)} – ${percent(row.high)}`, right: true },
    { text: row.wrong === 0 ? '·' : `${row.wrong}`, right: true },
    { text: row.meanLength.toFixed(1), right: true },
    ...Object.values(row.metrics ?? {}).map((value): Cell => ({ text: value.toFixed(3), right: true })),
  ];
}

/** A share in per cent with one decimal, for example "97.0 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
