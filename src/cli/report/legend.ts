/** @file The legend of a chart and words that several sections share. */

import { taskLabels } from '../../benchmarks/result-table.ts';
import type { EvaluationResult, ResultRow } from '../../benchmarks/result.ts';
import { ALL_TASKS } from '../../benchmarks/summarise.ts';
import { html, type Html } from './html.ts';
import type { IntervalBar } from './interval-chart.ts';

/** Which colour means what. */
export function legend(entries: readonly (readonly [IntervalBar['tone'], string])[]): Html {
  return html`<ul class="legend">
    ${entries.map(([tone, text]) => html`<li><i class="key-${tone}"></i>${text}</li>`)}
  </ul>`;
}

/** "97.0 %" */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** "92–99 %", the interval of a row. */
export function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${Math.round(100 * low)}–${Math.round(100 * high)} %`;
}

/** The row of a condition and task, or undefined when it was not played. */
export function rowOf(result: EvaluationResult, condition: string, task: string): ResultRow | undefined {
  return result.rows.find((row) => row.condition === condition && row.task === task);
}

/** The bar of a row's successes. */
export function successBar(row: ResultRow, tone: IntervalBar['tone'], what: string): IntervalBar {
  const { rate, low, high } = row;
  return { tone, rate, low, high, title: `${what}: ${row.successes} of ${row.episodes}` };
}

/** Names of tasks for narrow places: without the words that all long ones share. */
export function labelOf({ protocol }: EvaluationResult): (task: string) => string {
  const short = taskLabels(protocol.tasks);
  return (task) =>
    task === ALL_TASKS ? 'all tasks' : short(task).replaceAll(/[-_]/g, ' ').replace(/^…/, '… ').replace(/…$/, ' …');
}

/** How many episodes of a condition and task are broken. */
export function brokenIn({ broken = [] }: EvaluationResult, condition: string, task: string): number {
  return broken.filter((one) => one.condition === condition && (task === ALL_TASKS || one.task === task)).length;
}

/** The tasks that have episodes, be they valid or broken; all of them together last. */
export function tasksOf(result: EvaluationResult): string[] {
  const { protocol, rows, broken = [] } = result;
  const named = protocol.tasks.filter((task) => [...rows, ...broken].some((one) => one.task === task));
  return named.length > 1 ? [...named, ALL_TASKS] : named;
}
