/** @file A study's results as Markdown that also reads well in a terminal: rates, differences, what it took. */

import { formatSeconds } from '../../base/progress.ts';
import { mean } from '../../benchmarks/statistics.ts';
import { curveTables } from './curve-table.ts';
import type { RateRow, StudyResult } from './study-result.ts';
import { sweepTables } from './sweep-table.ts';
import { markdownTable, percent, points, quantity, signedQuantity } from './table-words.ts';

/** The whole page. */
export function studyPage(result: StudyResult, figures: readonly string[]): string {
  const { study, question, claim, done, jobs, versions, machine, command } = result;
  const unfinished = done < jobs ? [`**Not finished: ${done} of ${jobs} jobs.**`] : [];
  const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    `# ${study}`,
    `**${question}**`,
    `The claim: ${claim}`,
    ...unfinished,
    studyTables(result),
    ...figures.map((file) => `![${file.replace(/\.svg$/, '')}](${file})`),
    HOW,
    `Made with \`${command}\` on ${machine.cpu} (${machine.cores} cores), ${made.join(', ')}.`,
  ].join('\n\n')}\n`;
}

const HOW =
  'Intervals are 95 %. They count training seeds and episodes as drawn from many and tasks as fixed (a linear mixed model; ' +
  'see `src/benchmarks/seed-intervals.ts`); a difference is paired by seed and episode where both arms played the same ones. ' +
  'A row with one seed speaks of that checkpoint alone.';

/** The tables of the page: for the terminal, too. */
export function studyTables(result: StudyResult): string {
  const rates = result.rates.length === 0 ? 'Nothing is measured yet.' : rateTables(result);
  const parts = [...setting(result), rates, ...differenceTable(result), ...effortTable(result)];
  return parts.join('\n\n');
}

function setting({ seeds, budget, arms }: StudyResult): string[] {
  if (arms.every(({ samples }) => samples === 0)) return ['Given checkpoints: nothing is trained.'];
  const few = seeds < 3 ? ' Fewer than three seeds: a look, not a result.' : '';
  const of = budget?.of === 'last-stage' ? 'in the last stage' : 'in all stages';
  const equal = budget === null ? '' : ` Budget of every arm: ${budget.samples.toLocaleString('en-GB')} samples ${of}.`;
  return [`Training seeds: ${seeds}.${few}${equal}`];
}

function rateTables(result: StudyResult): string {
  if (result.sweep !== null) return sweepTables(result);
  const rates = result.rates.filter(({ at }) => at === undefined);
  const groups = [...new Set(rates.map(({ measurement, series }) => `${measurement}, ${series}`))];
  const single = groups.map((group) => {
    const rows = rates.filter(({ measurement, series }) => `${measurement}, ${series}` === group);
    return `## ${group}\n\n${rateTable(result, rows)}`;
  });
  return [...single, ...curveTables(result)].join('\n\n');
}

function rateTable({ arms }: StudyResult, rows: readonly RateRow[]): string {
  const strata = [...new Set(rows.flatMap((row) => Object.keys(row.strata)))];
  const head = ['arm', 'mean', '95 %', 'per seed', 'items', ...strata];
  const body = arms.flatMap(({ name, title }) =>
    rows
      .filter(({ arm }) => arm === name)
      .map((row) => [
        title,
        written(row)(row.rate),
        `${written(row)(row.low)} – ${written(row)(row.high)}`,
        row.seeds[0] === null ? 'given' : row.rates.map(written(row)).join(', '),
        `${row.seeds.length} × ${row.items}`,
        ...strata.map((stratum) => (stratum in row.strata ? written(row)(row.strata[stratum]!) : '–')),
      ]),
  );
  return markdownTable(head, body);
}

function written({ unit }: RateRow): (value: number) => string {
  return unit === undefined ? percent : (value) => `${quantity(value)} ${unit}`;
}

function differenceTable({ differences, arms }: StudyResult): string[] {
  if (differences.length === 0) return [];
  const title = (name: string): string => arms.find((arm) => arm.name === name)!.title;
  const head = [
    differences.every(({ unit }) => unit === undefined) ? 'difference (points)' : 'difference (points, or as it says)',
    'in',
    'found',
    '95 %',
    'seeds',
    'pairs',
    'paper',
  ];
  const body = differences.map((row) => [
    `${title(row.arm)} − ${title(row.against)}`,
    `${row.measurement}, ${row.series}`,
    row.unit === undefined ? points(row.difference) : `${signedQuantity(row.difference)} ${row.unit}`,
    `${signed(row)(row.low)} to ${signed(row)(row.high)}`,
    String(row.seeds),
    row.paired ? 'yes' : 'no',
    row.paper,
  ]);
  return [`## Differences\n\n${markdownTable(head, body)}`];
}

function signed({ unit }: StudyResult['differences'][number]): (value: number) => string {
  return unit === undefined ? points : signedQuantity;
}

/** What every arm took: samples and time of training per seed, and the loss at the end. */
function effortTable({ arms, runs }: StudyResult): string[] {
  const body = arms.flatMap(({ name, title, samples }) => {
    const finished = runs.filter(({ arm, stages }) => arm === name && stages.length > 0);
    if (finished.length === 0) return [];
    const seconds = finished.map(({ stages }) => stages.reduce((sum, stage) => sum + stage.seconds, 0));
    const losses = finished.map(({ stages }) => stages.at(-1)!.metrics['loss'] ?? Number.NaN);
    const chain = finished[0]!.stages.map(({ recipe }) => recipe).join(' → ');
    const loss = losses.map((value) => value.toPrecision(3)).join(', ');
    return [[title, chain, samples.toLocaleString('en-GB'), formatSeconds(mean(seconds)), loss]];
  });
  if (body.length === 0) return [];
  return [`## Training\n\n${markdownTable(['arm', 'stages', 'samples', 'time per seed', 'last loss per seed'], body)}`];
}
