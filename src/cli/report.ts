/** @file `vlakit report`: one self-contained HTML page about a run. */

import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { writeFileAtomic } from '../base/files.ts';
import { readRun } from './report/read-run.ts';
import { renderReport } from './report/report.ts';

interface Options {
  readonly out?: string;
  readonly title?: string;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  command
    .argument('<run>', 'a folder with evaluation.json, metrics.jsonl or open-loop.json')
    .option('--out <file>', 'where the page goes (default: report.html in the run)')
    .option('--title <text>', 'the headline (default: the name of the folder)')
    .action((run: string, options: Options) => {
      const file = writeReport(run, options);
      process.stdout.write(`${file}\n`);
    });
}

/** Renders the report of a run folder and writes it; returns the file. */
export function writeReport(run: string, options: Options = {}): string {
  const file = options.out ?? path.join(run, 'report.html');
  const title = options.title ?? path.basename(path.resolve(run));
  writeFileAtomic(file, renderReport(readRun(run, title, new Date().toISOString())));
  return file;
}
