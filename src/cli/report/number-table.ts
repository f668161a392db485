/** @file Every rate that was measured, as a table, with what is broken beside it. */

import type { EvaluationResult } from '../../benchmarks/result.ts';
import { ALL_TASKS } from '../../benchmarks/summarise.ts';
import { html, type Html } from './html.ts';
import { brokenIn, labelOf, percent, range, rowOf, tasksOf } from './legend.ts';

/** Every rate that was measured. */
export function numberTable(results: readonly EvaluationResult[]): Html {
  return html`<h2>All numbers</h2>
    ${results.map((result) => {
      const conditions = result.protocol.conditions.filter(({ name }) => wasPlayed(result, name));
      const heads = conditions.map(({ name, meaning }) => html`<th title="${meaning}">${name}</th>`);
      return html`<h3>${titleOf(result)}</h3>
        <div class="card">
          <table>
            <thead>
              <tr>
                <th>task</th>
                ${heads}
                <th title="control steps, base condition">mean length</th>
              </tr>
            </thead>
            <tbody>
              ${tasksOf(result).map((task) =>
                tableRow(
                  result,
                  task,
                  conditions.map(({ name }) => name),
                ),
              )}
            </tbody>
          </table>
        </div>`;
    })}
    <p class="soft">
      Success rate, 95 % interval, and successes of episodes; ⤳ counts episodes in which a goal was reached with an
      object that the task did not mean.
      ${results.some(({ broken }) => broken !== undefined) ? 'Broken episodes are in none of them. ' : null}${glossary(results)}
    </p>`;
}

function glossary(results: readonly EvaluationResult[]): Html[] {
  const meanings = new Map(
    results.flatMap(({ protocol }) => protocol.conditions.map((one) => [one.name, one.meaning])),
  );
  return [...meanings].map(([name, meaning]) => html`<b>${name}</b>: ${meaning} `);
}

function tableRow(result: EvaluationResult, task: string, conditions: readonly string[]): Html {
  const cells = conditions.map((condition) => {
    const row = rowOf(result, condition, task);
    const broken = brokenIn(result, condition, task);
    const left = broken === 0 ? null : html`<small class="mid">${broken} broken</small>`;
    if (row === undefined) return html`<td>–${left}</td>`;
    const wrong = row.wrong === 0 ? '' : ` ⤳ ${row.wrong}`;
    return html`<td>
      ${percent(row.rate)}<small>${range(row)}</small><small>${row.successes}/${row.episodes}${wrong}</small>${left}
    </td>`;
  });
  const length = rowOf(result, conditions[0] ?? 'base', task)?.meanLength;
  return html`<tr class="${task === ALL_TASKS ? 'all' : ''}">
    <td title="${task}">${labelOf(result)(task)}</td>
    ${cells}
    <td>${length === undefined ? '–' : length.toFixed(1)}</td>
  </tr>`;
}

/** Whether a condition has episodes, be they valid or broken. */
function wasPlayed(result: EvaluationResult, condition: string): boolean {
  return result.rows.some((row) => row.condition === condition) || brokenIn(result, condition, ALL_TASKS) > 0;
}

/** Who was measured where, and with which latency. */
export function titleOf({ policy, environment, benchmark }: EvaluationResult): string {
  const { latencyMs, strategy } = benchmark?.settings ?? {};
  const latency = latencyMs === 'measured' ? 'measured latency' : `latency ${latencyMs} ms`;
  return `${policy.name} in ${environment.name}${latencyMs === undefined ? '' : `, ${latency}, ${strategy}`}`;
}
