/** @file Carries out one job of a study: trains a stage, or measures a checkpoint. What is finished is not done again. */

import path from 'node:path';
import { withProgressListener } from '../../base/progress.ts';
import { versions } from '../../benchmarks/provenance.ts';
import { loadCheckpoint } from '../../checkpoints/checkpoint.ts';
import { resolveCheckpoint } from '../../checkpoints/checkpoint-series.ts';
import { timed, writeMeasurement, writeStage } from './job-files.ts';
import { measurementOf } from './measurements.ts';
import type { MeasureJob, TrainJob } from './jobs.ts';
import { stageKindOf } from './stage-kinds.ts';

/** How jobs are carried out. */
export interface JobContext {
  /** Threads for recording and measurements. */
  readonly workers: number;
  /** For the record. */
  readonly command: string;
  readonly signal: AbortSignal;
  /** The share that is done of the job, its phase ("load", "train"), and what it does there just now. */
  onProgress(share: number, phase: string, note: string): void;
}

/** Records the data of a stage where they are missing, and trains it, or goes on where its training stopped. Returns the seconds. */
export async function trainStage(job: TrainJob, { workers, signal, onProgress }: JobContext): Promise<number> {
  const { stage, folder, identity, samples } = job;
  const { recipe } = stage;
  const kind = stageKindOf(stage);
  let share = 0;
  const { result, seconds } = await timed(folder, () =>
    withProgressListener(
      ({ label, done, total, unit, note }) => {
        if (label === kind.bar) share = done / total;
        onProgress(share, label, `${recipe.name} seed ${recipe.seed}: ${done}/${total} ${unit}  ${note}`);
      },
      () => kind.train(recipe, { folder, workers, signal }),
    ),
  );
  const checkpoint = resolveCheckpoint(folder);
  writeStage(job, {
    identity,
    recipe: recipe.name,
    seed: recipe.seed,
    checkpoint: path.relative(folder, checkpoint),
    sha256: loadCheckpoint(checkpoint).sha256(),
    samples,
    seconds,
    metrics: result.metrics,
    versions: versions(),
  });
  return seconds;
}

/** Measures a checkpoint. Returns the seconds. */
export async function measurePolicy(job: MeasureJob, context: JobContext): Promise<number> {
  const { config, folder, identity } = job;
  const measurement = measurementOf(config);
  const size = measurement.size(config);
  const checkpoint = resolveCheckpoint(job.policy);
  const { result, seconds } = await timed(folder, () =>
    withProgressListener(
      () => undefined,
      () =>
        measurement.measure(config, {
          ...context,
          checkpoint,
          folder,
          onProgress: (done, note) =>
            context.onProgress(done / size, config.name, `${done}/${size} ${measurement.unit}  ${note}`),
        }),
    ),
  );
  const sha256 = loadCheckpoint(checkpoint).sha256();
  writeMeasurement(job, { identity, config, sha256, seconds, versions: versions(), ...result });
  return seconds;
}
