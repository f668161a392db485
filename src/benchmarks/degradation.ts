/** @file What a change of the world costs: success under each condition against the same episodes without the change. */

import { pairedDifference } from './paired-difference.ts';
import { percent, taskLabels } from './result-table.ts';
import { ALL_TASKS } from './summarise.ts';
import type { Degradation, EpisodeRecord, EvaluationResult, Protocol } from './result.ts';
import type { Cell, Line } from './text-table.ts';

/**
 * One row per condition in which the policy is to succeed, against the first, over all tasks and per task. Only pairs count: episodes of one task and
 * seed that are valid in both conditions. Empty where there is nothing to compare.
 */
export function degradationRows(episodes: readonly EpisodeRecord[], { conditions, tasks }: Protocol): Degradation[] {
  const [base, ...others] = conditions.filter(({ wantsSuccess }) => wantsSuccess);
  if (base === undefined) return [];
  const key = ({ task, seed }: EpisodeRecord): string => `${seed} ${task}`;
  const before = new Map(episodes.filter(({ condition }) => condition === base.name).map((one) => [key(one), one]));
  return others.flatMap(({ name }) => {
    const pairs = episodes.flatMap((after) => {
      const one = after.condition === name ? before.get(key(after)) : undefined;
      return one === undefined ? [] : [{ task: after.task, before: succeeded(one), after: succeeded(after) }];
    });
    return [ALL_TASKS, ...tasks].flatMap((task): Degradation[] => {
      const own = task === ALL_TASKS ? pairs : pairs.filter((pair) => pair.task === task);
      if (own.length === 0) return [];
      const both = own.filter((pair) => pair.before && pair.after).length;
      const lost = own.filter((pair) => pair.before && !pair.after).length;
      const gained = own.filter((pair) => !pair.before && pair.after).length;
      const counts = { both, lost, gained, neither: own.length - both - lost - gained };
      return [
        {
          condition: name,
          against: base.name,
          task,
          pairs: own.length,
          lost,
          gained,
          rate: (both + gained) / own.length,
          baseRate: (both + lost) / own.length,
          ...pairedDifference(counts),
        },
      ];
    });
  });
}

/**
 * The rows over all tasks as a table, the task that loses most behind each; none where there is nothing to compare. A change under which every
 * episode is broken has a row as well.
 */
export function degradationLines(result: EvaluationResult): Line[] {
  const { degradation = [], broken = [], protocol } = result;
  const [base, ...changes] = protocol.conditions.filter(({ wantsSuccess }) => wantsSuccess).map(({ name }) => name);
  const all = degradation.filter(({ task }) => task === ALL_TASKS);
  const brokenUnder = (name: string): number => broken.filter(({ condition }) => condition === name).length;
  const shown = changes.filter((name) => all.some(({ condition }) => condition === name) || brokenUnder(name) > 0);
  if (base === undefined || shown.length === 0) return [];
  const counts = shown.some((name) => brokenUnder(name) > 0) ? ['broken'] : [];
  const head = ['condition', base, 'changed', 'points', '95 % interval', 'pairs', 'lost', 'gained', ...counts];
  return [
    [...head, 'worst task'].map((text, i): Cell => ({ text, colour: 'faint', right: i > 0 && i < head.length })),
    ...shown.map((name): Line => {
      const count = brokenUnder(name);
      const own = counts.map((): Cell => ({ ...right(String(count)), ...(count > 0 ? { colour: 'middling' } : {}) }));
      return [...comparison(result, name), ...own, { text: worstTask(result, name) }];
    }),
  ];
}

/** The row of a condition up to the scenes that it gained. */
function comparison({ degradation = [] }: EvaluationResult, name: string): Cell[] {
  const row = degradation.find(({ condition, task }) => condition === name && task === ALL_TASKS);
  if (row === undefined) return [{ text: name }, ...Array.from({ length: 4 }, () => right('–')), ...ZEROES];
  return [
    { text: name },
    right(percent(row.baseRate)),
    right(percent(row.rate)),
    { ...right(points(row.difference)), colour: row.high < 0 ? 'bad' : row.low > 0 ? 'good' : 'middling' },
    right(`${points(row.low)} to ${points(row.high)}`),
    ...[row.pairs, row.lost, row.gained].map((count) => right(String(count))),
  ];
}

const ZEROES = [right('0'), right('·'), right('·')];

function worstTask({ degradation = [], protocol }: EvaluationResult, name: string): string {
  const tasks = degradation.filter(({ condition, task }) => condition === name && task !== ALL_TASKS);
  const worst = tasks.toSorted((a, b) => a.difference - b.difference)[0];
  if (worst === undefined || worst.difference >= 0) return '·';
  return `${taskLabels(protocol.tasks)(worst.task)} ${points(worst.difference)}`;
}

function right(text: string): Cell {
  return { text, right: true };
}

function succeeded({ outcome }: EpisodeRecord): boolean {
  return outcome === 'success';
}

/** 0.031 → "+3.1", in points. */
function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share > 0 ? `+${text}` : text.replace('-', '−');
}
