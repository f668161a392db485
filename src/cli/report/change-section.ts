/** @file What changes of the world and of the wording cost: rates side by side, and differences over pairs of episodes. */

import { degradationLines } from '../../benchmarks/degradation.ts';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import { ALL_TASKS } from '../../benchmarks/summarise.ts';
import type { Line } from '../../benchmarks/text-table.ts';
import { html, type Html } from './html.ts';
import { intervalChart } from './interval-chart.ts';
import { rowOf, successBar } from './legend.ts';

/** Conditions that were played and in which the policy is to succeed, without the first. */
export function changesOf(result: EvaluationResult): string[] {
  const played = result.protocol.conditions.filter(({ name }) => rowOf(result, name, ALL_TASKS) !== undefined);
  return played.filter(({ name, wantsSuccess }) => wantsSuccess && name !== 'base').map(({ name }) => name);
}

/** Null where nothing was changed. */
export function changeSection(result: EvaluationResult, heading = 'Changes it was not trained on'): Html | null {
  const names = changesOf(result);
  const lines = degradationLines(result);
  if (names.length === 0 && lines.length === 0) return null;
  const base = rowOf(result, 'base', ALL_TASKS);
  const rows = [...(base === undefined ? [] : [base]), ...names.map((name) => rowOf(result, name, ALL_TASKS)!)];
  return html`<h2>${heading}</h2>
    <p class="soft">Success over all tasks for each change of the world or the wording, on the same seeds.</p>
    ${
      names.length === 0
        ? null
        : html`<div class="card">
            ${intervalChart(
              'Success by perturbation',
              rows.map((row) => ({
                label: row.condition === 'base' ? 'unchanged' : row.condition.replaceAll('-', ' '),
                strong: false,
                bars: [successBar(row, row.condition === 'base' ? 'reference' : 'main', row.condition)],
              })),
            )}
          </div>`
    }
    ${lines.length === 0 ? null : pairs(lines)}`;
}

function pairs([head = [], ...body]: readonly Line[]): Html {
  const row = (line: Line): Html =>
    html`<tr>
      ${line.map(({ text }) => html`<td>${text.replaceAll('_', ' ')}</td>`)}
    </tr>`;
  return html`<h3>What each change costs</h3>
    <p class="soft">
      Percentage points over pairs: episodes of one task and seed that are valid both with and without the change. Lost
      and gained are the scenes that changed sides.
    </p>
    <div class="card">
      <table class="pairs">
        <thead>
          <tr>
            ${head.map(({ text }) => html`<th>${text}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${body.map(row)}
        </tbody>
      </table>
    </div>`;
}
