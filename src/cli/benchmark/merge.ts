/** @file `vlakit benchmark merge`: the shards of a benchmark as one result. */

import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { VlaError } from '../../base/errors.ts';
import { mergeJournals } from '../../benchmarks/merge.ts';
import { commandLine } from '../../benchmarks/provenance.ts';
import { readResult, writeResult, type EvaluationResult, type RolloutRecord } from '../../benchmarks/result.ts';
import { findBenchmark } from '../../benchmarks/table/index.ts';
import { findJournals, type FoundJournal } from './journal-files.ts';
import { tellCurve } from './latency/tell-curve.ts';
import { tableOf, writePage } from './tell-result.ts';

interface Options {
  readonly out: string;
  readonly json?: true;
}

/** Adds the arguments and the action. */
export function defineMerge(command: Command): void {
  command
    .argument('<folders...>', 'folders that shards were written to, or their journals')
    .option('--out <folder>', 'where the result goes', 'benchmark')
    .option('--json', 'print the results as JSON instead of tables')
    // Options of the command above have the same names, and take what is written here.
    .action((folders: string[], _: unknown, self: Command) => merge(folders, self.optsWithGlobals<Options>()));
}

/** "evaluation-tabletop-2-of-4" → "evaluation-tabletop". */
const SHARD = /-\d+-of-\d+$/;

function merge(places: readonly string[], { out, json }: Options): void {
  const results = [...byResult(places)].map(([name, found]): [string, EvaluationResult] => {
    const result = mergeJournals(
      found.map(({ file }) => file),
      commandLine(),
    );
    return [name, { ...result, rollouts: found.flatMap((one) => filmsBeside(one, out)) }];
  });
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  for (const [name, result] of results) {
    const file = path.join(out, `${name}.json`);
    writeResult(file, result);
    const benchmark = findBenchmark(result.benchmark?.name ?? name);
    writePage(benchmark, out, name, result);
    process.stdout.write(`${json ? JSON.stringify(result) : tableOf(benchmark, out)(result, colour)}\n`);
    process.stderr.write(`written to ${file}\n`);
  }
  const curve = tellCurve(
    out,
    results.map(([, result]) => result),
  );
  if (curve !== null && json !== true) process.stdout.write(`${curve}\n`);
  const missing = results.filter(([, { partial }]) => partial);
  if (missing.length === 0) return;
  const parts = missing.map(([name, { episodes, planned }]) => `${name} has ${episodes.length} of ${planned} episodes`);
  throw new VlaError('not-found', `merge: expected whole results, got parts: ${parts.join(', ')}.`, {
    hint: 'Play the missing shards, or those that were stopped, to their end, and merge again.',
  });
}

/** The journals, each once, by the result that they are parts of. */
function byResult(places: readonly string[]): Map<string, FoundJournal[]> {
  const groups = new Map<string, FoundJournal[]>();
  const found = new Map(places.flatMap(findJournals).map((one) => [path.resolve(one.file), one]));
  for (const one of found.values()) {
    const name = one.resultName.replace(SHARD, '');
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return groups;
}

/** The films of a shard, where they lie. */
function filmsBeside({ file, resultName }: FoundJournal, out: string): RolloutRecord[] {
  const folder = path.dirname(path.dirname(file));
  const result = path.join(folder, `${resultName}.json`);
  if (!fs.existsSync(result)) return [];
  return readResult(result).rollouts.map((one) => ({
    ...one,
    file: path.relative(out, path.join(folder, one.file)).split(path.sep).join('/'),
  }));
}
