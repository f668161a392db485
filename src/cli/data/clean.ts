/** @file `vlakit data clean`: runs the filters over a dataset, prints what each dropped, and writes selection.json. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { lookUp } from '../../base/errors.ts';
import { readJson, removeQuietly, requireWritableFolder, writeFileAtomic } from '../../base/files.ts';
import { startProgress } from '../../base/progress.ts';
import { REMAINDER, cleanDataset, summarise, type EpisodeOutcome } from '../../data/cleaning/clean.ts';
import { chooseThresholds, type CleaningFilter } from '../../data/cleaning/filter.ts';
import { FILTERS } from '../../data/cleaning/filters.ts';
import { INSTRUCTION_RULES, parseRules, type InstructionRule } from '../../data/cleaning/instruction-rules.ts';
import { MEASURES } from '../../data/cleaning/motion-measures.ts';
import { framesIn } from '../../data/frame-selection.ts';
import type { LeRobotDataset } from '../../data/lerobot/reader.ts';
import { datasetHash, writeSelection, type Selection } from '../../data/selection-file.ts';
import { nameList } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';
import { tableText } from '../models/model-table.ts';
import { collect, datasetArgument, grouped, layoutOption, openForCleaning, selectionFile } from './dataset-options.ts';

interface Options {
  readonly out?: string;
  readonly set: string[];
  readonly filters?: string[];
  readonly layout?: string;
  readonly rules?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** What decides beside the filters. */
const REMAINDERS: Pick<CleaningFilter, 'name' | 'summary' | 'thresholds'> = {
  name: REMAINDER,
  summary: 'frames left over between other drops',
  thresholds: { seconds: { value: 0.25, says: 'remainders of an episode that are shorter are dropped, too' } },
};
/** How often an interrupted run may lose what it did. */
const SAVE_MS = 30_000;

/** Adds arguments, options and the action. */
export function defineClean(command: Command): void {
  layoutOption(datasetArgument(command))
    .description(
      'Find episodes and frames that are unfit for training, and write which frames are kept (selection.json). The dataset itself stays as it is.',
    )
    .option('--out <file>', 'where the selection is written (default: selection.json in the dataset)')
    .option('--set <filter.threshold=number>', 'change a threshold; may be given often', collect, [])
    .option('--filters <names>', 'only these filters, separated by commas', nameList)
    .option('--rules <file>', 'a JSON list of instruction rules in place of the built-in ones')
    .option('--dry-run', 'write nothing')
    .option('--json', 'print the table and all drops as JSON')
    .addHelpText('after', thresholdList())
    .action((root: string, options: Options) => run(root, options));
}

function thresholdList(): string {
  const blocks = [...FILTERS, REMAINDERS].map(({ name, summary, thresholds }) => {
    const lines = Object.entries(thresholds).map(
      ([key, { value, says }]) => `    ${`${name}.${key}=${value}`.padEnd(24)} ${says}`,
    );
    return [`  ${name}: ${summary}`, ...lines].join('\n');
  });
  return `\nFilters and their thresholds:\n${blocks.join('\n')}\n`;
}

async function run(root: string, options: Options): Promise<void> {
  const table = Object.fromEntries(FILTERS.map((filter) => [filter.name, filter]));
  const filters = options.filters?.map((name) => lookUp('--filters', name, table)) ?? FILTERS;
  const thresholds = chooseThresholds([...filters, REMAINDERS], options.set);
  const rules = options.rules === undefined ? INSTRUCTION_RULES : readRules(options.rules);
  const out = selectionFile(root, options.out);
  if (options.dryRun !== true) requireWritableFolder(path.dirname(path.resolve(out)));
  const dataset = await openForCleaning(root);
  try {
    const setting = { sha256: datasetHash(dataset.root), thresholds, rules, layout: options.layout ?? null };
    const resume = resumable(`${out}.part`, setting, options.dryRun === true);
    const outcomes = await withInterrupt('Stopping after this episode …', (signal) =>
      cleanWithProgress(dataset, filters, thresholds, rules, options, resume, signal),
    );
    const selection = selectionOf(dataset, setting.sha256, thresholds, outcomes);
    if (options.json) {
      process.stdout.write(`${JSON.stringify({ filters: summarise(outcomes, filters), selection }, null, 2)}\n`);
    } else process.stdout.write(reportText(outcomes, filters));
    if (options.dryRun) return;
    writeSelection(out, selection);
    resume.clear();
    if (!options.json) process.stdout.write(`Written: ${out}\n`);
  } finally {
    await dataset.close();
  }
}

function readRules(file: string): InstructionRule[] {
  return parseRules(readJson(file), MEASURES, file);
}

async function cleanWithProgress(
  dataset: LeRobotDataset,
  filters: readonly CleaningFilter[],
  thresholds: Record<string, Record<string, number>>,
  rules: readonly InstructionRule[],
  { layout }: Options,
  resume: Resumable,
  signal: AbortSignal,
): Promise<EpisodeOutcome[]> {
  const reading = startProgress({ label: 'read', total: dataset.episodes.length, unit: 'episodes' });
  let progress = reading;
  let saved = performance.now();
  const finished: EpisodeOutcome[] = [];
  try {
    const outcomes = await cleanDataset({
      dataset,
      filters,
      thresholds,
      rules,
      ...(layout !== undefined && { layout }),
      shortestRemainder: Math.max(1, Math.round(thresholds[REMAINDER]!['seconds']! * dataset.fps)),
      done: resume.done,
      signal,
      onRead(done, total) {
        reading.update(done);
        if (done < total) return;
        reading.finish();
        progress = startProgress({
          label: 'clean',
          total: dataset.info.totalEpisodes,
          unit: 'episodes',
          alreadyDone: resume.done.size,
        });
      },
      onEpisode(outcome, done) {
        finished.push(outcome);
        if (done > resume.done.size) progress.update(done);
        if (performance.now() - saved < SAVE_MS) return;
        saved = performance.now();
        resume.save(finished);
      },
    });
    progress.finish();
    return outcomes;
  } catch (error) {
    resume.save(finished);
    throw error;
  }
}

/** What an interrupted run left, for one that asks for the same. */
interface Resumable {
  readonly done: ReadonlyMap<number, EpisodeOutcome>;
  save(outcomes: readonly EpisodeOutcome[]): void;
  clear(): void;
}

function resumable(file: string, setting: object, dryRun: boolean): Resumable {
  const key = JSON.stringify(setting);
  const nothing = new Map<number, EpisodeOutcome>();
  if (dryRun) return { done: nothing, save: () => undefined, clear: () => undefined };
  const left = fs.existsSync(file) ? readJson<{ key: string; outcomes: EpisodeOutcome[] }>(file) : null;
  return {
    done: left?.key === key ? new Map(left.outcomes.map((outcome) => [outcome.index, outcome])) : nothing,
    save: (outcomes) => {
      if (outcomes.length > 0) writeFileAtomic(file, JSON.stringify({ key, outcomes }));
    },
    clear: () => removeQuietly(file),
  };
}

function selectionOf(
  dataset: LeRobotDataset,
  sha256: string,
  thresholds: Record<string, Record<string, number>>,
  outcomes: readonly EpisodeOutcome[],
): Selection {
  return {
    format: 'vlakit-selection',
    version: 1,
    dataset: {
      name: dataset.name,
      sha256,
      episodes: outcomes.length,
      frames: outcomes.reduce((sum, { length }) => sum + length, 0),
    },
    thresholds,
    episodes: outcomes.map(({ index, length, keep }) => ({ index, length, keep })),
    dropped: outcomes.flatMap(({ drops }) => drops),
  };
}

/** The table, a few examples per filter, and what is left. */
export function reportText(outcomes: readonly EpisodeOutcome[], filters: readonly CleaningFilter[]): string {
  const rows = summarise(outcomes, filters);
  const table = tableText([
    ['filter', 'checked', 'not judged', 'episodes touched', 'dropped whole', 'frames dropped'],
    ...rows.map(({ filter, ...row }) => [
      filter,
      ...[row.checked, row.unjudged, row.touched, row.droppedEpisodes, row.droppedFrames].map(grouped),
    ]),
  ]);
  const examples = rows.flatMap(({ filter, examples, touched }) =>
    examples.map(({ episode, frames, reason }, i) => {
      const where = frames === null ? `episode ${episode}` : `episode ${episode}, frames ${frames[0]}–${frames[1] - 1}`;
      const more = i === examples.length - 1 && touched > examples.length ? ' …' : '';
      return `  ${filter}: ${where}: ${reason}${more}`;
    }),
  );
  const used = outcomes.filter(({ keep }) => keep.length > 0).length;
  const frames = outcomes.reduce((sum, { length }) => sum + length, 0);
  const kept = outcomes.reduce((sum, { keep }) => sum + framesIn(keep), 0);
  const left = `Kept ${grouped(used)} of ${grouped(outcomes.length)} episodes, ${grouped(kept)} of ${grouped(frames)} frames (${((100 * kept) / Math.max(1, frames)).toFixed(1)} %).`;
  return [table, ...(examples.length > 0 ? ['', 'Examples:', ...examples] : []), '', left, ''].join('\n');
}
