/** @file Published numbers with one's own among them. */

import { percent } from './result-table.ts';
import { wilsonInterval } from './statistics.ts';
import { ALL_TASKS } from './summarise.ts';
import type { EvaluationResult } from './result.ts';
import type { PublishedTable, Source } from './table/published.ts';
import type { Cell, Line } from './text-table.ts';

/** Success in the benchmark's own condition: counts, since intervals need them. */
export interface OwnNumber {
  readonly successes: number;
  readonly episodes: number;
}

/** The number of a result that is compared with published ones: over all tasks, in its first condition; null where no episode is valid. */
export function ownNumber({ rows, protocol }: EvaluationResult): OwnNumber | null {
  const [first] = protocol.conditions;
  const row = rows.find(({ condition, task }) => condition === first?.name && task === ALL_TASKS);
  return row === undefined ? null : { successes: row.successes, episodes: row.episodes };
}

/**
 * Rows of the table, one's own first. `own` has numbers by benchmark; the mean is there when all of its parts are, every suite counting the same as in
 * the papers; `caution` says what else differs from them.
 */
export function publishedLines(
  name: string,
  own: ReadonlyMap<string, OwnNumber>,
  published: PublishedTable,
  caution: string,
): Line[] {
  const { columns, rows } = published;
  const numbers = columns.map(({ benchmark }) => (benchmark === null ? null : (own.get(benchmark) ?? null)));
  const parts = numbers.filter((one) => one !== null);
  const whole = parts.length === columns.filter(({ benchmark }) => benchmark !== null).length;
  const mean = parts.reduce((sum, { successes, episodes }) => sum + successes / episodes, 0) / parts.length;
  const ownCells = columns.map(({ benchmark }, i): Cell => {
    const rate = benchmark === null ? (whole ? mean : null) : numbers[i] === null ? null : rateOf(numbers[i]!);
    return { text: rate === null ? '–' : oneDecimal(100 * rate), right: true, colour: 'strong' };
  });
  return [
    [
      { text: 'success, %', colour: 'faint' },
      ...columns.map(({ title }): Cell => ({ text: title, right: true, colour: 'faint' })),
      { text: 'source', colour: 'faint' },
    ],
    [{ text: name, colour: 'strong' }, ...ownCells, { text: intervals(own, published) + caution, colour: 'strong' }],
    ...rows.map((row): Line => [
      { text: row.method },
      ...row.percent.map((value): Cell => ({ text: value === null ? '–' : oneDecimal(value), right: true })),
      { text: row.note === undefined ? row.source.short : `${row.source.short} (${row.note})`, colour: 'faint' },
    ]),
  ];
}

/** Every source once, in full. */
export function sourcesOf({ rows }: PublishedTable): readonly Source[] {
  return [...new Map(rows.map(({ source }) => [source.short, source])).values()];
}

function intervals(own: ReadonlyMap<string, OwnNumber>, { columns }: PublishedTable): string {
  const known = columns.flatMap(({ title, benchmark }) => {
    const number = benchmark === null ? undefined : own.get(benchmark);
    if (number === undefined) return [];
    const { low, high } = wilsonInterval(number.successes, number.episodes);
    return [`${title} ${percent(low)} – ${percent(high)} of ${number.episodes}`];
  });
  return `measured here: ${known.join(', ')}`;
}

function rateOf({ successes, episodes }: OwnNumber): number {
  return successes / episodes;
}

function oneDecimal(value: number): string {
  return value.toFixed(1);
}
