/** @file `vlakit study`: puts a paper's claim to the test with one command; the same command continues it. */

import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { Command } from 'commander';
import { STUDIES } from '../../recipes/studies/index.ts';
import { VlaError } from '../base/errors.ts';
import { requireWritableFolder } from '../base/files.ts';
import { lockFolder } from '../base/folder-lock.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { nameList, wholeNumber } from './argument-parsers.ts';
import { withInterrupt } from './interrupt.ts';
import { checkPlan, checkStudy, onlyArms } from './study/check-study.ts';
import type { StudyPlan } from './study/jobs.ts';
import { planStudy } from './study/plan.ts';
import { resolveStudy } from './study/resolve-study.ts';
import { runStudy } from './study/run-study.ts';
import { studyResult } from './study/study-result.ts';
import { studyTables } from './study/study-table.ts';
import { writeStudy } from './study/write-study.ts';

/** More workers than this seldom help, and each holds a simulator. */
const MOST_WORKERS = 8;

interface Options {
  readonly out?: string;
  readonly seeds?: number;
  readonly only?: string[];
  readonly set: string[];
  readonly workers: number;
  readonly table?: true;
  readonly plan?: true;
}

/** Adds the arguments and the action. */
export function define(command: Command): void {
  const list = STUDIES.map(({ name, question }) => `  ${name.padEnd(14)} ${question}`).join('\n');
  command
    .argument('<study>', 'one of the studies below, or a module of yours that exports `study`')
    .option('--out <folder>', 'where it goes (default: studies/STUDY); what is finished there is not done again')
    .option('--seeds <n>', 'training seeds (default: as the study says)', wholeNumber(1))
    .option('--only <arms>', 'these arms alone, separated by commas', nameList)
    .option(
      '--set <path=value>',
      'change one value of the study, of all its recipes (recipe.…) or measurements (measurement.…); may be given often',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option(
      '--workers <n>',
      'threads for measurements',
      wholeNumber(1),
      Math.min(MOST_WORKERS, os.availableParallelism()),
    )
    .option('--plan', 'print what would be done and do nothing')
    .option('--table', 'print the tables of what is done so far and do nothing')
    .addHelpText('after', `\nStudies:\n${list}\n`)
    .action((name: string, options: Options) => run(name, options));
}

async function run(name: string, options: Options): Promise<void> {
  const whole = await resolveStudy(name, options.set);
  const seeded = options.seeds === undefined ? whole : { ...whole, seeds: options.seeds };
  checkStudy(seeded);
  const study = options.only === undefined ? seeded : onlyArms(seeded, options.only);
  const folder = options.out ?? path.join('studies', study.name);
  const plan = planStudy(study, folder);
  checkPlan(study, plan, options.set.length > 0);
  const command = commandLine();
  if (options.plan === true) process.stdout.write(`${planLines(plan)}\n`);
  if (options.table === true) process.stdout.write(`${studyTables(studyResult(study, plan, command))}\n`);
  if (options.plan === true || options.table === true) return;
  requireWritableFolder(folder);
  const release = lockFolder(folder);
  try {
    await withInterrupt('Stopping; what is done will be kept.', async (signal) => {
      const write = (): void => writeStudy(folder, studyResult(study, plan, command));
      await runStudy(plan, { workers: options.workers, command, signal, onFinished: write });
      write();
    });
  } finally {
    release();
  }
  process.stdout.write(`${studyTables(studyResult(study, plan, command))}\n`);
  process.stderr.write(`written to ${path.join(folder, 'study.md')}\n`);
}

/** One line per job. */
function planLines({ jobs }: StudyPlan): string {
  const lines = jobs.map((job) => {
    if (job.kind === 'train') {
      const { name, seed } = job.stage.recipe;
      return `train    ${name}, seed ${seed}: ${job.samples} samples`;
    }
    if (job.kind === 'measure') return `measure  ${job.config.name} of ${job.policy}`;
    return 'latency  of all arms, in turns';
  });
  if (lines.length > 0) return lines.join('\n');
  throw new VlaError('bad-argument', 'study: expected something to do, got no jobs.', { hint: 'Name more arms.' });
}
