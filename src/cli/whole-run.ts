/** @file A whole recipe from nothing to a report: record, train, evaluate. What is finished already is not done again. */

import path from 'node:path';
import process from 'node:process';
import { evaluationWorld, type Recipe } from '../../recipes/recipe.ts';
import { VlaError } from '../base/errors.ts';
import { readJson } from '../base/files.ts';
import { formatSeconds } from '../base/progress.ts';
import { unseenSeed } from '../benchmarks/protocol.ts';
import { commandLine } from '../benchmarks/provenance.ts';
import { recordingState } from '../data/lerobot/recording-folder.ts';
import { measure } from './measure.ts';
import { measureOpenLoop } from './open-loop.ts';
import { namedEnvironment, namedPolicy } from './players.ts';
import type { RecordConfig } from '../../recipes/recording.ts';
import { recordDataset } from './recording/record-dataset.ts';
import { writeReport } from './report.ts';
import { trainRecipe } from './train.ts';

/** Pixels of the films in the report. */
const FILM_SIZE = 192;
/** Longest single inference of an evaluation. */
const TIMEOUT_SECONDS = 30;

/** How a recipe is carried out. */
export interface WholeRunOptions {
  /** The run: checkpoints, metrics, evaluation, report. */
  readonly folder: string;
  /** Threads for recording and evaluation. */
  readonly workers: number;
  readonly signal: AbortSignal;
}

/** Carries out a recipe; resolves with the path of the report. The datasets lie where the recipe says. */
export async function runRecipe(recipe: Recipe, { folder, workers, signal }: WholeRunOptions): Promise<string> {
  const start = performance.now();
  const phases: [name: string, work: () => Promise<unknown>][] = [];
  const { record, evaluation, openLoop } = recipe;
  if (record !== null) {
    const { root } = recipe.data.datasets[0]!;
    const recorded = async (): Promise<void> => {
      if (await recordOnce(record, root, workers, signal)) process.stderr.write(`${root} is there already\n`);
    };
    phases.push(['record', recorded]);
  }
  phases.push(['train', () => trainRecipe(recipe, folder, signal)]);
  if (evaluation !== null) phases.push(['evaluate', () => evaluateRun(recipe, folder, workers, signal)]);
  if (openLoop !== null) phases.push(['open loop', () => measureOpenLoop(recipe, openLoop, folder, signal)]);
  for (const [i, [name, work]] of phases.entries()) {
    process.stderr.write(`[${i + 1}/${phases.length}] ${name}\n`);
    await work();
    if (signal.aborted) throw new VlaError('interrupted', `${recipe.name}: stopped after ${name}.`, { hint: AGAIN });
  }
  const report = writeReport(folder, { title: recipe.name });
  process.stderr.write(`done in ${formatSeconds((performance.now() - start) / 1000)}\n`);
  return report;
}

const AGAIN = 'Run the same command again to go on.';

/** Records the dataset, goes on with an interrupted recording, or takes the finished one when it is the same; true: it was there. */
export async function recordOnce(
  config: RecordConfig,
  root: string,
  workers: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (recordingState(root) === 'finished') {
    const info = readJson<{ vlakit?: { record?: unknown } }>(path.join(root, 'meta', 'info.json'));
    if (JSON.stringify(info.vlakit?.record) !== JSON.stringify(config)) {
      throw new VlaError('mismatch', `${root}: expected the dataset that the recipe records, got another one.`, {
        hint: 'Delete it, or record elsewhere (--data).',
      });
    }
    return true;
  }
  await recordDataset({ config, root, existing: 'resume', workers, command: commandLine(), signal });
  return false;
}

async function evaluateRun(recipe: Recipe, folder: string, workers: number, signal: AbortSignal): Promise<void> {
  const evaluation = recipe.evaluation!;
  const policy = await namedPolicy(folder);
  const world = evaluationWorld(recipe);
  const { environment, stage } = namedEnvironment(world === undefined ? {} : { environment: world }, policy, FILM_SIZE);
  await measure({
    policy,
    environment,
    stage,
    films: true,
    tasks: evaluation.tasks,
    conditions: evaluation.conditions,
    episodes: evaluation.episodes,
    firstSeed: unseenSeed(0),
    execute: evaluation.execute,
    workers,
    timeoutSeconds: TIMEOUT_SECONDS,
    folder,
    command: commandLine(),
    print: 'table',
    signal,
  });
}
