/** @file LIBERO's suites: which tasks they have, what each is told, and where its files lie. */

import { lookUp } from '../../base/errors.ts';
import { SUITE_TASKS } from './suite-tasks.ts';

/** The name of a suite. */
export type LiberoSuite = keyof typeof SUITE_TASKS;

/** In the benchmark's own order. */
export const LIBERO_SUITES = Object.keys(SUITE_TASKS) as LiberoSuite[];

/** A task as the benchmark lists it. */
export interface SuiteTask {
  readonly suite: LiberoSuite;
  /** The BDDL file's name without its ending. */
  readonly name: string;
  /** What policies are told: words of the file's name. The BDDL file itself may say it otherwise (`LiberoTask.language`). */
  readonly instruction: string;
}

/** The tasks of a suite; `not-found` for other names. */
export function suiteTasks(suite: string): SuiteTask[] {
  return lookUp('A LIBERO suite', suite, SUITE_TASKS).map((name) => ({
    suite: suite as LiberoSuite,
    name,
    instruction: benchmarkInstruction(name),
  }));
}

/** A task of a suite by its name; `not-found` suggests the nearest. */
export function suiteTask(suite: string, name: string): SuiteTask {
  return lookUp(`A task of ${suite}`, name, Object.fromEntries(suiteTasks(suite).map((task) => [task.name, task])));
}

/** As `grab_language_from_filename` of libero/benchmark/__init__.py: what follows the scene's name, with spaces. */
export function benchmarkInstruction(name: string): string {
  return name.replace(/^[A-Z].*?SCENE\d+_/, '').replaceAll('_', ' ');
}

/** The BDDL file of a task, in `LiberoFiles`. */
export function bddlPath(suite: string, name: string): string {
  return `LIBERO/libero/libero/bddl_files/${suite}/${name}.bddl`;
}

/** The initial states of a task, in `LiberoFiles`. */
export function initialStatesPath(suite: string, name: string): string {
  return `LIBERO/libero/libero/init_files/${suite}/${name}.pruned_init`;
}
