/** @file One evaluation from the command line: progress bar, table, result file and films; used by several commands. */

import path from 'node:path';
import process from 'node:process';
import { VlaError } from '../base/errors.ts';
import { requireWritableFolder } from '../base/files.ts';
import { startProgress, type Progress } from '../base/progress.ts';
import { evaluate, filmPlan } from '../benchmarks/evaluate.ts';
import { saveEvaluation } from '../benchmarks/evaluation-folder.ts';
import type { ModuleCall } from '../benchmarks/player.ts';
import { unseenSeed } from '../benchmarks/protocol.ts';
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
  /** The first seed, counted within the seeds that training never uses. */
  readonly seed: number;
  readonly execute: number | 'half';
  readonly workers: number;
  /** Longest single inference. */
  readonly timeoutSeconds: number;
  /** The result becomes FOLDER/NAME.json, NAME as the policy says. */
  readonly folder: string;
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
  const { policy, folder, print } = options;
  requireWritableFolder(folder);
  const bars: { episodes?: Progress; films?: Progress } = {};
  const evaluation = await evaluate({
    environment: options.environment,
    policy: policy.call,
    tasks: options.tasks,
    conditions: options.conditions,
    episodes: options.episodes,
    firstSeed: unseenSeed(options.seed),
    execute: options.execute,
    workers: options.workers,
    inferenceTimeoutMs: options.timeoutSeconds * 1000,
    policyName: policy.name,
    film: options.films ? filmPlan(options.stage) : null,
    command: options.command,
    checkpoint: policy.checkpoint,
    signal: options.signal,
    onProgress(done, total, note) {
      bars.episodes ??= startProgress({ label: 'evaluate', total, unit: 'episodes' });
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
  const { rollouts, chosen } = evaluation;
  if (evaluation.result.partial) bars.episodes?.finish();
  if (rollouts.length < chosen) bars.films?.finish();
  if (evaluation.result.episodes.length === 0) {
    throw new VlaError('interrupted', 'evaluate: stopped before the first episode was finished.', { hint: AGAIN });
  }
  // The numbers are shown first: they are not lost when the disk is full.
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  if (print === 'table') process.stdout.write(`${resultTable(evaluation.result, colour)}\n`);
  const result = saveEvaluation(folder, policy.resultName, evaluation);
  if (print === 'json') process.stdout.write(`${JSON.stringify(result)}\n`);
  process.stderr.write(`written to ${path.join(folder, `${policy.resultName}.json`)}\n`);
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
