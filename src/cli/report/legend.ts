/** @file The legend of a chart and words that several sections share. */

import type { EvaluationResult, ResultRow } from '../../benchmarks/result.ts';
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
