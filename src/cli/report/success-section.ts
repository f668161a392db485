/** @file Success rates: headline tiles, per task, whether the policy listens. */

import { FIRST_EVALUATION_SEED } from '../../benchmarks/protocol.ts';
import { wilsonInterval } from '../../benchmarks/statistics.ts';
import { ALL_TASKS } from '../../benchmarks/summarise.ts';
import type { EvaluationResult, ResultRow } from '../../benchmarks/result.ts';
import { html, type Html } from './html.ts';
import { intervalChart, type IntervalBar, type IntervalRow } from './interval-chart.ts';
import { changesOf } from './change-section.ts';
import { labelOf, legend, percent, range, rowOf, successBar, tasksOf } from './legend.ts';

/** The built-in worlds’ own expert. */
const EXPERT = 'expert';
/** Conditions that change the words, in the order in which they are shown. */
const ABOUT_WORDS = ['other', 'shuffled'];

/** The numbers that a reader looks for first. */
export function tiles(result: EvaluationResult): Html {
  const { timing, episodes, benchmark } = result;
  const base = rowOf(result, 'base', ALL_TASKS);
  const other = rowOf(result, 'other', ALL_TASKS);
  const shuffled = rowOf(result, 'shuffled', ALL_TASKS);
  const perturbed = changesOf(result).map((name) => rowOf(result, name, ALL_TASKS)!);
  return html`<div class="tiles">
    ${base === undefined ? null : tile(benchmark === undefined ? 'Success on unseen seeds' : 'Success', percent(base.rate), `${range(base)}, ${base.successes} of ${base.episodes}`)}
    ${other === undefined ? null : tile('… when another object is named', percent(other.rate), `of the true targets are still served, ${range(other)}`)}
    ${shuffled === undefined ? null : tile('… with shuffled instructions', percent(shuffled.rate), `${range(shuffled)}; the words are another episode’s`)}
    ${perturbed.length === 0 ? null : tile('Worst change of the world or wording', percent(Math.min(...perturbed.map(({ rate }) => rate))), worst(perturbed))}
    ${tile('Policy latency', milliseconds(timing.latencyMs.p50), `median; 99th percentile ${milliseconds(timing.latencyMs.p99)}`)}
    ${tile('Episodes', `${episodes.length}`, ofWhich(result))}
  </div>`;
}

/** What the number of valid episodes is a part of. */
function ofWhich({ episodes, planned, broken = [], protocol: { episodesPerTask } }: EvaluationResult): string {
  if (broken.length > 0) return `of ${planned} planned; ${broken.length} broken, which count nowhere`;
  if (episodes.length < planned) return `of ${planned} planned`;
  return `${episodesPerTask} ${episodesPerTask === 1 ? 'seed' : 'seeds'} per task and condition`;
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

/** Per task, with references such as the expert beside the policy. */
export function successSection(
  result: EvaluationResult,
  references: readonly EvaluationResult[],
  heading = 'Success by task',
): Html | null {
  const label = labelOf(result);
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
  const scripted = references.every(({ policy }) => policy.name === EXPERT) ? ' (scripted, sees the true state)' : '';
  return html`<h2>${heading}</h2>
    <p class="soft">
      Share of ${result.benchmark === undefined ? 'unseen seeds' : 'episodes'} on which the task was solved, with 95 %
      Wilson intervals.
      ${result.benchmark?.text ?? `${seedRange(result)}; training data is recorded with seeds below ${FIRST_EVALUATION_SEED}.`}
    </p>
    <div class="card">
      ${
        references.length === 0
          ? null
          : legend([
              ['main', result.policy.name],
              ['reference', `${names}${scripted}`],
            ])
      }
      ${intervalChart('Success by task', rows)}
    </div>`;
}

/** The instruction as asked, another object's, and another episode's, side by side. */
export function listeningSection(result: EvaluationResult): Html | null {
  const played = ABOUT_WORDS.filter((condition) => rowOf(result, condition, ALL_TASKS) !== undefined);
  if (played.length === 0) return null;
  const label = labelOf(result);
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

/** "Seed 7" or "Seeds 7 to 9". */
function seedRange({ protocol: { firstSeed, episodesPerTask } }: EvaluationResult): string {
  return episodesPerTask === 1 ? `Seed ${firstSeed}` : `Seeds ${firstSeed} to ${firstSeed + episodesPerTask - 1}`;
}
