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

/** The rows over all tasks as a table, the task that loses most behind each; none where there is nothing to compare. */
export function degradationLines({ degradation = [], protocol }: EvaluationResult): Line[] {
  const label = taskLabels(protocol.tasks);
  const all = degradation.filter(({ task }) => task === ALL_TASKS);
  if (all.length === 0) return [];
  const right = (text: string): Cell => ({ text, right: true });
  const head = [
    'condition',
    all[0]!.against,
    'changed',
    'points',
    '95 % interval',
    'pairs',
    'lost',
    'gained',
    'worst task',
  ];
  return [
    head.map((text, i): Cell => ({ text, colour: 'faint', right: i > 0 && i < 8 })),
    ...all.map((row): Line => {
      const tasks = degradation.filter(({ condition, task }) => condition === row.condition && task !== ALL_TASKS);
      const worst = tasks.toSorted((a, b) => a.difference - b.difference)[0];
      return [
        { text: row.condition },
        right(percent(row.baseRate)),
        right(percent(row.rate)),
        { ...right(points(row.difference)), colour: row.high < 0 ? 'bad' : row.low > 0 ? 'good' : 'middling' },
        right(`${points(row.low)} to ${points(row.high)}`),
        right(String(row.pairs)),
        right(String(row.lost)),
        right(String(row.gained)),
        {
          text: worst === undefined || worst.difference >= 0 ? '·' : `${label(worst.task)} ${points(worst.difference)}`,
        },
      ];
    }),
  ];
}

function succeeded({ outcome }: EpisodeRecord): boolean {
  return outcome === 'success';
}

/** 0.031 → "+3.1", in points. */
function points(share: number): string {
  const text = (100 * share).toFixed(1);
  return share > 0 ? `+${text}` : text.replace('-', '−');
}
