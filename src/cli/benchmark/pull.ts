/** @file `vlakit benchmark pull`: LIBERO's files into the user's cache, after their licences were accepted. */

import process from 'node:process';
import readline from 'node:readline/promises';
import { Option, type Command } from 'commander';
import { VlaError } from '../../base/errors.ts';
import { startProgress } from '../../base/progress.ts';
import { readRecord, type AssetSet } from '../../benchmarks/libero/asset-record.ts';
import { folderSource, networkSource } from '../../benchmarks/libero/asset-sources.ts';
import { licenceText, type Licence } from '../../benchmarks/libero/licences.ts';
import { liberoFolder, verifyAssets } from '../../benchmarks/libero/open-assets.ts';
import { publishedFiles, SUITE_NAMES, suitesOf, type SuiteName } from '../../benchmarks/libero/published-files.ts';
import { pullLibero } from '../../benchmarks/libero/pull.ts';
import { nameList } from '../argument-parsers.ts';
import { withInterrupt } from '../interrupt.ts';

interface Options {
  readonly from: readonly string[];
  readonly suites: readonly SuiteName[];
  readonly allowChanged?: boolean;
  readonly acceptLicences?: boolean;
  readonly verify?: true;
}

/** Adds arguments, options and the action. */
export function define(command: Command): void {
  command
    .argument('<benchmark>', 'libero')
    .addOption(
      new Option(
        '--from <folder>',
        'copy instead of download: checkouts or installed packages of LIBERO and robosuite (may be repeated)',
      )
        .argParser((folder: string, before: string[]) => [...before, folder])
        .default([], 'GitHub'),
    )
    .addOption(
      new Option('--suites <names>', 'only the files of these suites, separated by commas')
        .argParser((names: string) => suitesOf(nameList(names)))
        .default(SUITE_NAMES, 'all'),
    )
    .option('--accept-licences', 'accept the licences of the files without being asked')
    .option('--allow-changed', 'with --from: take files that are not as published; results say so')
    .option('--verify', 'only check the files that were pulled, all bytes of them')
    .addHelpText(
      'after',
      `
The files go to the cache of your account ($XDG_CACHE_HOME/vlakit/libero), or to the folder that $VLAKIT_LIBERO names.
A pull that was stopped goes on where it was; one that is run again mends what is damaged.`,
    )
    .action(async (benchmark: string, options: Options) => {
      if (benchmark !== 'libero') {
        throw new VlaError('not-found', `benchmark pull: expected libero, got "${benchmark}".`, {
          hint: 'The built-in worlds need no files.',
        });
      }
      if (options.verify === true) verify(liberoFolder(process.env));
      else await pull(options);
    });
}

async function pull({ from, suites, allowChanged = false, acceptLicences = false }: Options) {
  if (allowChanged && from.length === 0) {
    throw new VlaError('bad-argument', '--allow-changed: expected --from, got none.', {
      hint: 'What is downloaded is always as published.',
    });
  }
  const folder = liberoFolder(process.env);
  const source = from.length === 0 ? networkSource(process.env) : folderSource(from, allowChanged);
  const { set, fetched, kept } = await withInterrupt('stopping: what arrived is kept', (signal) =>
    pullLibero({
      folder,
      files: publishedFiles(suites),
      source,
      allowChanged,
      signal,
      accept: (licences) => accept(licences, acceptLicences, signal),
    }),
  );
  process.stdout.write(`${folder}: ${fetched} files fetched, ${kept} there already\n${setText(set)}\n`);
}

/** Which files a benchmark would run on, in one line. */
export function setText({ sha256, changed, files }: AssetSet): string {
  const which =
    changed.length === 0
      ? 'all as published'
      : `${changed.length} of them NOT as published (${changed[0]!.split('/').at(-1)!}${changed.length > 1 ? ', …' : ''})`;
  return `${files} files, ${which}, set ${sha256.slice(0, 12)}`;
}

/** Shows the licences and asks for consent, where there is someone to ask. */
async function accept(licences: readonly Licence[], already: boolean, signal: AbortSignal): Promise<boolean> {
  process.stderr.write(licenceText(licences));
  if (already) return true;
  if (!process.stdin.isTTY) return false;
  const terminal = readline.createInterface({ input: process.stdin, output: process.stderr });
  // A raw terminal hands Ctrl-C to the question instead of the process.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question('Type yes to accept all of them: ', { signal });
    return answer.trim().toLowerCase() === 'yes';
  } catch (cause) {
    signal.throwIfAborted();
    throw cause;
  } finally {
    terminal.close();
  }
}

function verify(folder: string): void {
  const record = readRecord(folder);
  if (record === null) {
    throw new VlaError('not-found', `${folder}: expected files that were pulled, got none.`, {
      hint: 'Fetch them first: vlakit benchmark pull libero',
    });
  }
  const total = Object.keys(record.files).length;
  const bar = startProgress({ label: 'verify', total, unit: 'files' });
  const problems = verifyAssets(folder, record, (done) => bar.update(done));
  bar.finish(`${total} files in ${folder}`);
  if (problems.length === 0) return void process.stdout.write('all as they were pulled\n');
  const shown = problems.slice(0, 10).map((line) => `\n  ${line}`);
  const more = problems.length > shown.length ? `\n  and ${problems.length - shown.length} more` : '';
  throw new VlaError(
    'bad-data',
    `${folder}: expected ${total} whole files, got ${problems.length} that are not:${shown.join('')}${more}`,
    {
      hint: 'Run `vlakit benchmark pull libero` again: it fetches these, and nothing else.',
    },
  );
}
