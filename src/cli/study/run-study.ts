/** @file Carries out a planned study, job by job; a study that was stopped at any point goes on where it was. */

import { VlaError } from '../../base/errors.ts';
import { formatSeconds } from '../../base/progress.ts';
import { readMeasurement, readStage } from './job-files.ts';
import { measurementOf } from './measurements.ts';
import type { MeasureJob, StudyPlan, TrainJob } from './plan.ts';
import { measurePolicy, trainStage, type JobContext } from './run-job.ts';
import { startTotalProgress, type PacedJob, type TotalProgressOptions } from './total-progress.ts';

/** Seconds per sample and per item before one was timed; the tiny models on two cores. */
const GUESSED_SAMPLE = 0.004;
const GUESSED_ITEM = 0.3;

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
    const record = job.kind === 'train' ? readStage(job) : readMeasurement(job);
    if (record === null) left.push(i);
    else bar.done(i, record.seconds);
  }
  for (const i of left) {
    if (options.signal.aborted) throw interrupted(jobs.length - left.length + left.indexOf(i), jobs.length);
    const job = jobs[i]!;
    const began = performance.now();
    const context: JobContext = {
      ...options,
      onProgress: (share, note) => bar.update(i, share, (performance.now() - began) / 1000, note),
    };
    bar.done(i, job.kind === 'train' ? await trainStage(job, context) : await measurePolicy(job, context));
    options.onFinished();
  }
  bar.finish(`${jobs.length} jobs, ${left.length} of them now, in ${formatSeconds((performance.now() - start) / 1000)}`);
}

function paced(job: TrainJob | MeasureJob): PacedJob {
  if (job.kind === 'train') return { pace: `train ${job.recipe.name}`, size: job.samples, guess: GUESSED_SAMPLE };
  const { kind } = job.config;
  return { pace: `measure ${kind}`, size: measurementOf(job.config).size(job.config), guess: GUESSED_ITEM };
}

function interrupted(done: number, total: number): VlaError {
  return new VlaError('interrupted', `study: stopped after ${done} of ${total} jobs.`, {
    hint: 'Run the same command again to go on.',
  });
}
