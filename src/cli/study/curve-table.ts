/** @file Tables of series over a setting, such as latency: per series a row for every arm, a column for every value. */

import type { RateRow, StudyResult } from './study-result.ts';
import { markdownTable, percent, quantity } from './table-words.ts';

/** What lies on an axis, by series: its rows and the values in ascending order. */
export interface CurveGroup {
  readonly series: string;
  readonly axis: string;
  readonly unit: string | null;
  readonly values: readonly number[];
  readonly rows: readonly RateRow[];
}

/** The groups of a result, in the order of its rows; none where no series has a place on an axis. */
export function curveGroups({ rates }: Pick<StudyResult, 'rates'>): CurveGroup[] {
  const placed = rates.filter(({ at }) => at !== undefined);
  const keyOf = ({ series, at }: RateRow): string => `${series} over ${at!.axis}`;
  return [...new Set(placed.map(keyOf))].map((key) => {
    const rows = placed.filter((row) => keyOf(row) === key);
    const { series, at, unit = null } = rows[0]!;
    const values = [...new Set(rows.map((row) => row.at!.value))].sort((a, b) => a - b);
    return { series, axis: at!.axis, unit, values, rows };
  });
}

/** One table per group. */
export function curveTables(result: StudyResult): string[] {
  return curveGroups(result).map(({ series, axis, unit, values, rows }) => {
    const body = result.arms.flatMap(({ name, title }) => {
      const own = rows.filter(({ arm }) => arm === name);
      if (own.length === 0) return [];
      return [[title, ...values.map((value) => cell(own.find(({ at }) => at!.value === value)))]];
    });
    const { seeds, items } = rows[0]!;
    const head = [axis, ...values.map(String)];
    const of = `${seeds[0] === null ? 'a given checkpoint' : `${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`}, ${items} items each`;
    const title = unit === null ? series : `${series}, ${unit}`;
    return `## ${title}\n\n${markdownTable(head, body)}\n\nMeans with 95 % intervals; ${of} where all have one.`;
  });
}

function cell(row: RateRow | undefined): string {
  if (row === undefined) return '–';
  const { rate, low, high, unit } = row;
  if (unit !== undefined) return `${quantity(rate)} (${quantity(low)} – ${quantity(high)})`;
  return `${percent(rate)} (${Math.round(100 * low)}–${Math.round(100 * high)})`;
}
