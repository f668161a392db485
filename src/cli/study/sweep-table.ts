/** @file The tables of a sweep: per arm a row for every number of Euler steps, a column for every number of executed actions. */

import { sweptName } from './plan.ts';
import type { StudyResult, SweepRow } from './study-result.ts';
import { markdownTable, percent, points } from './table-words.ts';

/** One table per arm, measurement and series. */
export function sweepTables({ arms, rates, latency, sweep, sweepDifferences }: StudyResult): string {
  const { eulerSteps, execute } = sweep!;
  const sections = arms.flatMap((arm) =>
    arm.measurements.flatMap((measurement) => {
      const own = rates.filter((row) => row.arm === arm.name);
      const series = [...new Set(own.map((row) => row.series))];
      return series.map((name) => {
        const cell = (steps: number, count: number): string => {
          const wanted = sweptName(measurement, steps, count);
          const row = own.find((one) => one.measurement === wanted && one.series === name);
          return row === undefined
            ? '–'
            : `${percent(row.rate)} (${Math.round(100 * row.low)}–${Math.round(100 * row.high)})`;
        };
        const time = (steps: number): string => {
          const found = latency?.latencies.find((one) => one.arm === arm.name && one.eulerSteps === steps);
          return found === undefined ? '–' : `${ms(found.median)} (${ms(found.low)}–${ms(found.high)})`;
        };
        const head = ['Euler steps', ...execute.map((count) => `${count} executed`), 'inference, ms'];
        const body = eulerSteps.map((steps) => [
          String(steps),
          ...execute.map((count) => cell(steps, count)),
          time(steps),
        ]);
        const gains = sweepDifferences.filter(
          (row) => row.arm === arm.name && row.measurement === measurement && row.series === name,
        );
        return [`## ${arm.title}: ${measurement}, ${name}`, markdownTable(head, body), ...gainTable(gains)].join(
          '\n\n',
        );
      });
    }),
  );
  return `${sections.join('\n\n')}\n\nSuccess with 95 % intervals; time of one inference, median (10 % to 90 %), one thread.`;
}

/** Settings against each other: what the intervals of rates, which count how seeds differ, cannot show. */
function gainTable(rows: readonly SweepRow[]): string[] {
  if (rows.length === 0) return [];
  const unit = { eulerSteps: 'Euler steps', execute: 'executed' };
  const body = rows.map(({ axis, value, against, difference, low, high }) => [
    `${value} − ${against} ${unit[axis]}`,
    points(difference),
    `${points(low)} to ${points(high)}`,
  ]);
  return [markdownTable(['in the same checkpoints and episodes (points)', 'found', '95 %'], body)];
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1);
}
