/** @file Success rates: headline tiles, per task, whether the policy listens, per perturbation, and the whole table. */

import { FIRST_EVALUATION_SEED } from '../../benchmarks/protocol.ts';
import { wilsonInterval } from '../../benchmarks/statistics.ts';
import { ALL_TASKS } from '../../benchmarks/summarise.ts';
import type { EvaluationResult, ResultRow } from '../../benchmarks/result.ts';
import { html, type Html } from './html.ts';
import { intervalChart, type IntervalBar, type IntervalRow } from './interval-chart.ts';
import { legend, percent, range, rowOf, successBar } from './legend.ts';

/** Conditions that change the words, in the order in which they are shown. */
const ABOUT_WORDS = ['other', 'shuffled'];

/** The numbers that a reader looks for first. */
export function tiles(result: EvaluationResult): Html {
  const { timing, protocol, episodes, planned } = result;
  const base = rowOf(result, 'base', ALL_TASKS);
  const other = rowOf(result, 'other', ALL_TASKS);
  const shuffled = rowOf(result, 'shuffled', ALL_TASKS);
  const perturbed = perturbations(result).map((name) => rowOf(result, name, ALL_TASKS)!);
  return html`<div class="tiles">
    ${base === undefined ? null : tile('Success on unseen seeds', percent(base.rate), `${range(base)}, ${base.successes} of ${base.episodes}`)}
    ${other === undefined ? null : tile('… when another object is named', percent(other.rate), `of the true targets are still served, ${range(other)}`)}
    ${shuffled === undefined ? null : tile('… with shuffled instructions', percent(shuffled.rate), `${range(shuffled)}; the words are another episode’s`)}
    ${perturbed.length === 0 ? null : tile('Worst change of the world or wording', percent(Math.min(...perturbed.map(({ rate }) => rate))), worst(perturbed))}
    ${tile('Policy latency', milliseconds(timing.latencyMs.p50), `median; 99th percentile ${milliseconds(timing.latencyMs.p99)}`)}
    ${tile('Episodes', `${episodes.length}`, episodes.length < planned ? `of ${planned} planned` : `${protocol.episodesPerTask} ${protocol.episodesPerTask === 1 ? 'seed' : 'seeds'} per task and condition`)}
  </div>`;
}

function milliseconds(value: number): string {
  return `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function worst(rows: readonly ResultRow[]): string {
  const lowest = rows.reduce((a, b) => (b.rate < a.rate ? b : a));
  return `${lowest.condition}, ${range(lowest)}`;
}

function tile(name: string, number: string, more: string): Html {
  return html`<div class="tile">
    <div class="name">${name}</div>
    <div class="number">${number}</div>
    <div class="more">${more}</div>
  </div>`;
}

function perturbations(result: EvaluationResult): string[] {
  const played = result.protocol.conditions.filter(({ name }) => rowOf(result, name, ALL_TASKS) !== undefined);
  return played.filter(({ name, wantsSuccess }) => wantsSuccess && name !== 'base').map(({ name }) => name);
}

/** Per task, with references such as the expert beside the policy. */
export function successSection(result: EvaluationResult, references: readonly EvaluationResult[]): Html | null {
  const rows = tasksOf(result).flatMap((task): IntervalRow[] => {
    const own = rowOf(result, 'base', task);
    if (own === undefined) return [];
    const others = references.flatMap((reference) => {
      const row = rowOf(reference, 'base', task);
      return row === undefined ? [] : [successBar(row, 'reference', `${reference.policy.name}, ${task}`)];
    });
    return [{ label: label(task), strong: task === ALL_TASKS, bars: [successBar(own, 'main', task), ...others] }];
  });
  if (rows.length === 0) return null;
  const names = references.map(({ policy }) => policy.name).join(', ');
  return html`<h2>Success by task</h2>
    <p class="soft">
      Share of unseen seeds on which the task was solved, with 95 % Wilson intervals. ${seedRange(result)}; training
      data is recorded with seeds below ${FIRST_EVALUATION_SEED}.
    </p>
    <div class="card">
      ${
        references.length === 0
          ? null
          : legend([
              ['main', result.policy.name],
              ['reference', `${names} (scripted, sees the true state)`],
            ])
      }
      ${intervalChart('Success by task', rows)}
    </div>`;
}

/** The instruction as asked, another object's, and another episode's, side by side. */
export function listeningSection(result: EvaluationResult): Html | null {
  const played = ABOUT_WORDS.filter((condition) => rowOf(result, condition, ALL_TASKS) !== undefined);
  if (played.length === 0) return null;
  const rows = tasksOf(result).map((task): IntervalRow => {
    const base = rowOf(result, 'base', task);
    const other = rowOf(result, 'other', task);
    const shuffled = rowOf(result, 'shuffled', task);
    const bars: (IntervalBar | null)[] = [
      base === undefined ? null : successBar(base, 'main', `${task}, as asked`),
      other === undefined ? null : successBar(other, 'second', `${task}, another object named, true target served`),
      other === undefined ? null : namedServed(other, task),
      shuffled === undefined ? null : successBar(shuffled, 'reference', `${task}, shuffled instructions`),
    ];
    return { label: label(task), strong: task === ALL_TASKS, bars: bars.filter((bar) => bar !== null) };
  });
  return html`<h2>Does it listen?</h2>
    <p class="soft">
      The scenes are the same; only the words change. A policy that ignores them would serve the scene’s own target all
      the same. One that listens serves what is named, and with shuffled instructions falls to chance.
    </p>
    <div class="card">
      ${legend([
        ['main', 'as asked: target served'],
        ...(played.includes('other')
          ? ([
              ['second', 'another object named: true target served (should be low)'],
              ['third', 'another object named: a named object served'],
            ] as const)
          : []),
        ...(played.includes('shuffled') ? ([['reference', 'shuffled instructions: target served']] as const) : []),
      ])}
      ${intervalChart('Success with changed instructions', rows)}
    </div>`;
}

function namedServed(row: ResultRow, task: string): IntervalBar {
  const { rate, low, high } = wilsonInterval(row.wrong, row.episodes);
  return {
    tone: 'third',
    rate,
    low,
    high,
    title: `${task}, another object named and served: ${row.wrong} of ${row.episodes}`,
  };
}

/** The mean over tasks for each change of the world or the wording. */
export function perturbationSection(result: EvaluationResult): Html | null {
  const names = perturbations(result);
  if (names.length === 0) return null;
  const base = rowOf(result, 'base', ALL_TASKS);
  const rows = [...(base === undefined ? [] : [base]), ...names.map((name) => rowOf(result, name, ALL_TASKS)!)];
  return html`<h2>Changes it was not trained on</h2>
    <p class="soft">Success over all tasks for each perturbation, on the same seeds.</p>
    <div class="card">
      ${intervalChart(
        'Success by perturbation',
        rows.map((row) => ({
          label: row.condition === 'base' ? 'unchanged' : row.condition.replaceAll('-', ' '),
          strong: false,
          bars: [successBar(row, row.condition === 'base' ? 'reference' : 'main', row.condition)],
        })),
      )}
    </div>`;
}

/** Every rate that was measured. */
export function tableSection(results: readonly EvaluationResult[]): Html {
  return html`<h2>All numbers</h2>
    ${results.map((result) => {
      const conditions = result.protocol.conditions.filter(({ name }) =>
        result.rows.some(({ condition }) => condition === name),
      );
      const heads = conditions.map(({ name, meaning }) => html`<th title="${meaning}">${name}</th>`);
      return html`<h3>${result.policy.name} in ${result.environment.name}</h3>
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
      object that the task did not mean. ${glossary(results)}
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
    if (row === undefined) return html`<td>–</td>`;
    const wrong = row.wrong === 0 ? '' : ` ⤳ ${row.wrong}`;
    return html`<td>
      ${percent(row.rate)}<small>${range(row)}</small><small>${row.successes}/${row.episodes}${wrong}</small>
    </td>`;
  });
  const length = rowOf(result, conditions[0] ?? 'base', task)?.meanLength;
  return html`<tr class="${task === ALL_TASKS ? 'all' : ''}">
    <td>${label(task)}</td>
    ${cells}
    <td>${length === undefined ? '–' : length.toFixed(1)}</td>
  </tr>`;
}

function tasksOf(result: EvaluationResult): string[] {
  const named = result.protocol.tasks.filter((task) => result.rows.some((row) => row.task === task));
  return named.length > 1 ? [...named, ALL_TASKS] : named;
}

function label(task: string): string {
  return task === ALL_TASKS ? 'all tasks' : task.replaceAll('-', ' ');
}

/** "Seed 7" or "Seeds 7 to 9". */
function seedRange({ protocol: { firstSeed, episodesPerTask } }: EvaluationResult): string {
  return episodesPerTask === 1 ? `Seed ${firstSeed}` : `Seeds ${firstSeed} to ${firstSeed + episodesPerTask - 1}`;
}
