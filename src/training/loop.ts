/**
 * @file The training loop: batches in, checkpoints, metrics and events out, and exact resume. What a run writes is a
 * pure function of its configuration and seed: a run that was killed and resumed leaves the same files. Node only.
 */

import path from 'node:path';
import { VlaError } from '../base/errors.ts';
import { startProgress, type Progress, type ProgressOptions } from '../base/progress.ts';
import { loadCheckpoint, writeCheckpoint, type CheckpointFiles } from '../checkpoints/checkpoint.ts';
import {
  checkpointFolder,
  checkpointSteps,
  pruneCheckpoints,
  writeBest,
  type BestCheckpoint,
} from '../checkpoints/checkpoint-series.ts';
import { openEventFile } from './event-file.ts';
import type { Learner } from './learner.ts';
import { openMetricsLog } from './metrics-log.ts';
import type { BatchSource } from './trainable.ts';

/** How long to train and how often to log, evaluate and save; all in steps. */
export interface LoopConfig {
  readonly steps: number;
  /** A line of metrics.jsonl is the mean over this many steps. */
  readonly logEvery: number;
  readonly checkpointEvery: number;
  /** How often to evaluate during training; null for never. */
  readonly evaluateEvery: number | null;
  /** How many of the newest checkpoints stay; the best one stays too. */
  readonly keepLast: number;
}

/** What an evaluation during training found; the checkpoint with the highest `score` is the best one. */
export interface EvaluationDuringTraining {
  readonly score: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One training run. */
export interface TrainingRun {
  /** Where metrics.jsonl, events/ and checkpoints/ go. */
  readonly folder: string;
  /** Names the configuration, data and code that this run depends on; a checkpoint with another one is not resumed. */
  readonly identity: string;
  readonly config: LoopConfig;
  /** What the progress bar says is done, and in what; default "train", "steps". */
  readonly label?: string;
  readonly unit?: string;
  readonly learner: Learner;
  readonly batches: BatchSource;
  /** Called once the folder is known to be this run's, before the first step: for files that describe the run. */
  readonly begin?: () => void;
  /** The files beside the weights, for a checkpoint after `step` steps. */
  files(step: number, metrics: Readonly<Record<string, number>>): CheckpointFiles;
  /** Evaluates the checkpoint in `folder`; must be a pure function of the weights and the step. */
  readonly evaluate: ((folder: string, step: number) => Promise<EvaluationDuringTraining>) | null;
  /** Aborting saves a checkpoint and rejects with `interrupted`. */
  readonly signal: AbortSignal;
  /** The wall clock for TensorBoard, seconds since 1970. */
  readonly wallClock: () => number;
  /** Where the progress bar goes; default standard error. */
  readonly progressStream?: ProgressOptions['stream'];
}

/** How a run ended. */
export interface TrainingResult {
  /** The last checkpoint's folder. */
  readonly checkpoint: string;
  readonly best: BestCheckpoint | null;
  /** The last line of training metrics. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** What the loop itself must remember between processes. */
interface LoopState {
  readonly identity: string;
  readonly step: number;
  readonly metricsBytes: number;
  /** Sums of the metrics since the last line, and how many steps they cover. */
  readonly sums: Readonly<Record<string, number>>;
  readonly summed: number;
  readonly lastMetrics: Readonly<Record<string, number>>;
  readonly best: BestCheckpoint | null;
  /** The checkpoint was written for an evaluation, whose line follows it in metrics.jsonl. */
  readonly evaluationDue: boolean;
}

const START = { step: 0, metricsBytes: 0, sums: {}, summed: 0, lastMetrics: {}, best: null, evaluationDue: false };

/**
 * Trains until `config.steps`, resuming from the newest checkpoint of the folder. Rejects with `not-finite` when the
 * loss diverges, `interrupted` when the signal aborts (after saving), `mismatch` when the folder holds another run.
 */
export async function train(run: TrainingRun): Promise<TrainingResult> {
  checkLoopConfig(run.config);
  const state = await resume(run);
  run.begin?.();
  const log = openMetricsLog(path.join(run.folder, 'metrics.jsonl'), state.metricsBytes);
  const events = openEventFile(path.join(run.folder, 'events'), state.step, run.wallClock);
  const total = run.config.steps;
  const stream = run.progressStream === undefined ? {} : { stream: run.progressStream };
  const { label = 'train', unit = 'steps' } = run;
  const progress = startProgress({ label, total, unit, alreadyDone: state.step, ...stream });
  try {
    return await steps(run, state, { log, events, progress });
  } finally {
    log.close();
    events.close();
  }
}

interface Sinks {
  readonly log: ReturnType<typeof openMetricsLog>;
  readonly events: ReturnType<typeof openEventFile>;
  readonly progress: Progress;
}

async function steps(run: TrainingRun, start: LoopState, { log, events, progress }: Sinks): Promise<TrainingResult> {
  const { config, learner, batches, signal } = run;
  let { step, sums, summed, lastMetrics, best } = start;
  let since = { step, time: run.wallClock() };
  const save = async (evaluationDue: boolean): Promise<string> => {
    const folder = checkpointFolder(run.folder, step);
    const metricsBytes = log.sync();
    const loop: LoopState = {
      identity: run.identity,
      step,
      metricsBytes,
      sums,
      summed,
      lastMetrics,
      best,
      evaluationDue,
    };
    await writeCheckpoint(folder, await learner.weights(), run.files(step, lastMetrics), {
      tensors: await learner.state(),
      loop,
    });
    pruneCheckpoints(run.folder, config.keepLast, best?.step ?? null);
    return folder;
  };
  const evaluate = async (folder: string): Promise<void> => {
    const { score, metrics } = await run.evaluate!(folder, step);
    log.append({ step, kind: 'evaluate', score, ...metrics });
    events.write(step, tagged('evaluate', { score, ...metrics }));
    // Of equals the later one: it has seen more.
    if (best !== null && score < best.score) return;
    best = { step, score };
    writeBest(run.folder, best);
    // The checkpoint that was the best until now may go.
    pruneCheckpoints(run.folder, config.keepLast, step);
  };
  /** The checkpoint of the present step, and the last one at all. */
  let saved = step > 0 ? checkpointFolder(run.folder, step) : null;
  let lastSaved = saved;
  // A process may have died between the checkpoint and the evaluation that it was written for.
  if (start.evaluationDue && saved !== null && run.evaluate !== null) await evaluate(saved);
  let next = step < config.steps ? batches.batch(step) : null;
  // A batch that fails while a step runs is reported when its turn comes.
  next?.catch(() => undefined);
  while (step < config.steps) {
    if (signal.aborted) throw interrupted(step, saved ?? (step === 0 ? null : await save(false)));
    const feeds = await next!;
    next = step + 1 < config.steps ? batches.batch(step + 1) : null;
    next?.catch(() => undefined);
    const scalars = await learner.step(step, feeds);
    requireFinite(step + 1, scalars, lastSaved);
    step++;
    saved = null;
    sums = Object.fromEntries(Object.entries(scalars).map(([name, value]) => [name, (sums[name] ?? 0) + value]));
    summed++;
    progress.update(step, `loss ${scalars['loss']!.toPrecision(4)}`);
    if (step % config.logEvery === 0 || step === config.steps) {
      lastMetrics = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / summed]));
      log.append({ step, kind: 'train', ...lastMetrics });
      const now = run.wallClock();
      const stepsPerSecond = (step - since.step) / Math.max(1e-9, now - since.time);
      events.write(step, { ...tagged('train', lastMetrics), 'train/stepsPerSecond': stepsPerSecond });
      since = { step, time: now };
      [sums, summed] = [{}, 0];
    }
    const due = run.evaluate !== null && config.evaluateEvery !== null && step % config.evaluateEvery === 0;
    if (due || step % config.checkpointEvery === 0 || step === config.steps) lastSaved = saved = await save(due);
    if (due) await evaluate(saved!);
  }
  progress.finish(`${config.steps} ${run.unit ?? 'steps'}, loss ${(lastMetrics['loss'] ?? Number.NaN).toPrecision(4)}`);
  return { checkpoint: saved ?? checkpointFolder(run.folder, step), best, metrics: lastMetrics };
}

/** Restores the newest checkpoint into the learner, or starts from nothing. */
async function resume(run: TrainingRun): Promise<LoopState> {
  const step = checkpointSteps(run.folder).at(-1);
  if (step === undefined) return { identity: run.identity, ...START };
  const folder = checkpointFolder(run.folder, step);
  const state = loadCheckpoint(folder).state();
  if (state === null) {
    throw new VlaError('mismatch', `${folder}: expected a training state to resume from, got none.`, {
      hint: 'The checkpoint was stripped of it: train into another folder.',
    });
  }
  const loop = state.loop as LoopState;
  if (loop.identity !== run.identity) {
    throw new VlaError(
      'mismatch',
      `${run.folder}: expected a run of configuration ${run.identity}, got one of ${loop.identity}.`,
      { hint: 'Its recipe, overrides or data differ: train into another folder, or delete this one.' },
    );
  }
  await run.learner.restore(state.tensors);
  // A process may have died between writing the checkpoint and what follows it.
  if (loop.best !== null) writeBest(run.folder, loop.best);
  pruneCheckpoints(run.folder, run.config.keepLast, loop.best?.step ?? null);
  return loop;
}

function requireFinite(step: number, scalars: Readonly<Record<string, number>>, saved: string | null): void {
  for (const [name, value] of Object.entries(scalars)) {
    if (Number.isFinite(value)) continue;
    throw new VlaError('not-finite', `train: step ${step}: expected a finite ${name}, got ${value}.`, {
      hint: `The training diverged: lower the learning rate or the clipping norm${saved === null ? '' : `; ${saved} is the last good checkpoint`}.`,
    });
  }
}

function interrupted(step: number, folder: string | null): VlaError {
  const saved = folder === null ? 'there is no checkpoint yet' : `the checkpoint is ${folder}`;
  return new VlaError('interrupted', `train: stopped after ${step} steps; ${saved}.`, {
    hint: 'Run the same command again to continue exactly there.',
  });
}

function tagged(group: string, metrics: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${group}/${name}`, value]));
}

/** Throws `bad-argument` for a loop that cannot work. */
export function checkLoopConfig(config: LoopConfig): void {
  const entries = Object.entries(config).filter(([, value]) => value !== null);
  for (const [name, value] of entries) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new VlaError('bad-argument', `loop.${name}: expected a whole number of at least 1, got ${value}.`, {
        hint: `Correct it in the recipe, or with --set loop.${name}=…`,
      });
    }
  }
}
