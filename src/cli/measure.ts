/** @file One evaluation from the command line: progress bar, table, result file and films; used by several commands. */

import path from 'node:path';
import process from 'node:process';
import { VlaError } from '../base/errors.ts';
import { requireWritableFolder } from '../base/files.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { evaluate, type BenchmarkRun } from '../benchmarks/evaluate.ts';
import { filmPlan } from '../benchmarks/film-episodes.ts';
import { saveEvaluation } from '../benchmarks/evaluation-folder.ts';
import type { ModuleCall } from '../benchmarks/player.ts';
import { resultTable } from '../benchmarks/result-table.ts';
import type { EvaluationResult } from '../benchmarks/result.ts';
import type { NamedPolicy } from './players.ts';

/** What to measure and where it goes. */
export interface MeasureOptions {
  readonly policy: NamedPolicy;
  readonly environment: ModuleCall;
  /** The environment that is filmed; null: the same as `environment`. */
  readonly stage: ModuleCall | null;
  readonly films: boolean;
  readonly tasks: readonly string[];
  readonly conditions: readonly string[];
  /** Episodes per task and condition. */
  readonly episodes: number;
  readonly firstSeed: number;
  readonly execute: number | 'half';
  readonly workers: number;
  /** Longest single inference; null: no limit. */
  readonly timeoutSeconds: number | null;
  /** The result becomes FOLDER/NAME.json, NAME as the policy says, or `resultName`. */
  readonly folder: string;
  readonly resultName?: string;
  /** See `EvaluateOptions`. */
  readonly benchmark?: BenchmarkRun;
  readonly player?: ModuleCall;
  /** What is printed; left out: the result as a table. */
  readonly table?: (result: EvaluationResult, colour: boolean) => string;
  /** For the record. */
  readonly command: string;
  /** What standard output gets. */
  readonly print: 'table' | 'json' | 'nothing';
  readonly signal: AbortSignal;
}

/**
 * Evaluates, prints and saves. An abort saves what is finished, marked partial when episodes are missing, and rejects
 * with `interrupted`; the folder is tried first, so that no long work is lost to a folder that cannot be written.
 */
export async function measure(options: MeasureOptions): Promise<EvaluationResult> {
  const { policy, folder, print, resultName = policy.resultName, timeoutSeconds, table = resultTable } = options;
  const { benchmark, player } = options;
  requireWritableFolder(folder);
  const bars: { episodes?: Progress; films?: Progress } = {};
  const evaluation = await evaluate({
    environment: options.environment,
    policy: policy.call,
    tasks: options.tasks,
    conditions: options.conditions,
    episodes: options.episodes,
    firstSeed: options.firstSeed,
    execute: options.execute,
    workers: options.workers,
    inferenceTimeoutMs: timeoutSeconds === null ? null : timeoutSeconds * 1000,
    ...(benchmark === undefined ? {} : { benchmark }),
    ...(player === undefined ? {} : { player }),
    policyName: policy.name,
    film: options.films ? filmPlan(options.stage) : null,
    command: options.command,
    checkpoint: policy.checkpoint,
    signal: options.signal,
    onProgress(done, total, note) {
      bars.episodes ??= startProgress({ label: 'evaluate', total, unit: 'episodes', alreadyDone: done });
      bars.episodes.update(done, note);
      if (done === total) bars.episodes.finish();
    },
    onFilm(done, total) {
      bars.films ??= startProgress({ label: 'film', total, unit: 'rollouts' });
      bars.films.update(done);
      if (done === total) bars.films.finish();
    },
  });
  const { signal } = options;
  const { rollouts, chosen, stopped } = evaluation;
  if (evaluation.result.partial) bars.episodes?.finish();
  if (rollouts.length < chosen) bars.films?.finish();
  const { episodes, broken = [] } = evaluation.result;
  if (episodes.length === 0 && stopped !== null) throw stopped;
  if (episodes.length + broken.length === 0) {
    throw new VlaError('interrupted', 'evaluate: stopped before the first episode was finished.', { hint: AGAIN });
  }
  // The numbers are shown first: they are not lost when the disk is full.
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  if (print === 'table') process.stdout.write(`${table(evaluation.result, colour)}\n`);
  const result = saveEvaluation(folder, resultName, evaluation);
  if (print === 'json') process.stdout.write(`${JSON.stringify(result)}\n`);
  process.stderr.write(`written to ${path.join(folder, `${resultName}.json`)}\n`);
  if (stopped !== null) throw stopped;
  if (result.partial) {
    throw new VlaError('interrupted', 'evaluate: stopped early; the result is marked as partial.', { hint: AGAIN });
  }
  if (signal.aborted && rollouts.length < chosen) {
    const message = `evaluate: stopped while filming; the numbers are whole, ${rollouts.length} of ${chosen} films are there.`;
    throw new VlaError('interrupted', message, { hint: AGAIN });
  }
  return result;
}

const AGAIN = 'Run the same command again for the whole evaluation.';
