/** @file Carries out a planned study, job by job; a study that was stopped at any point goes on where it was. */

import { VlaError } from '../../base/errors.ts';
import { formatSeconds } from '../../base/progress.ts';
import { readMeasurement, readStage } from './job-files.ts';
import { latencySize, measureLatency, readLatency } from './latency.ts';
import { measurementOf } from './measurements.ts';
import type { Job, StudyPlan } from './jobs.ts';
import { measurePolicy, trainStage, type JobContext } from './run-job.ts';
import { startTotalProgress, type PacedJob, type TotalProgressOptions } from './total-progress.ts';

/** Seconds per sample and per item before one was timed; the tiny models on two cores. */
const GUESSED_SAMPLE = 0.004;
const GUESSED_ITEM = 0.3;
const GUESSED_INFERENCE = 0.01;

/** How a study is carried out. */
export interface RunStudyOptions extends Omit<JobContext, 'onProgress'> {
  /** Called after every finished job: for tables and figures of what is there so far. */
  onFinished(): void;
  readonly progress?: TotalProgressOptions;
}

/** Does what is not done yet, in the plan's order. Rejects with `interrupted` when the signal aborts; nothing done is lost. */
export async function runStudy(plan: StudyPlan, options: RunStudyOptions): Promise<void> {
  const { jobs } = plan;
  const start = performance.now();
  const bar = startTotalProgress(jobs.map(paced), options.progress);
  const left: number[] = [];
  for (const [i, job] of jobs.entries()) {
    const record = recordOf(job);
    if (record === null) left.push(i);
    else bar.done(i, record.seconds);
  }
  for (const i of left) {
    if (options.signal.aborted) throw interrupted(jobs.length - left.length + left.indexOf(i), jobs.length);
    const job = jobs[i]!;
    const began = performance.now();
    const context: JobContext = {
      ...options,
      onProgress: (share, phase, note) => bar.update(i, share, (performance.now() - began) / 1000, phase, note),
    };
    bar.done(i, await runJob(job, context));
    options.onFinished();
  }
  bar.finish(
    `${jobs.length} jobs, ${left.length} of them now, in ${formatSeconds((performance.now() - start) / 1000)}`,
  );
}

/** What a job left when it was finished, or null. */
function recordOf(job: Job): { readonly seconds: number } | null {
  if (job.kind === 'train') return readStage(job);
  return job.kind === 'measure' ? readMeasurement(job) : readLatency(job);
}

function runJob(job: Job, context: JobContext): Promise<number> {
  if (job.kind === 'train') return trainStage(job, context);
  return job.kind === 'measure' ? measurePolicy(job, context) : measureLatency(job, context);
}

function paced(job: Job): PacedJob {
  if (job.kind === 'latency') return { pace: 'latency', size: latencySize(job), guess: GUESSED_INFERENCE };
  if (job.kind === 'train') return { pace: `train ${job.stage.recipe.name}`, size: job.samples, guess: GUESSED_SAMPLE };
  const { kind } = job.config;
  return { pace: `measure ${kind}`, size: measurementOf(job.config).size(job.config), guess: GUESSED_ITEM };
}

function interrupted(done: number, total: number): VlaError {
  return new VlaError('interrupted', `study: stopped after ${done} of ${total} jobs.`, {
    hint: 'Run the same command again to go on.',
  });
}
