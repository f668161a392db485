/** @file What a study consists of: stages to be trained, checkpoints to be measured, inference to be timed. */

import type { Arm, Stage, Sweep } from '../../../recipes/studies/study.ts';
import type { MeasurementConfig } from '../../../recipes/studies/measurement-config.ts';

/** A stage with one seed, to be trained. */
export interface TrainJob {
  readonly kind: 'train';
  readonly identity: string;
  /** The run's folder. */
  readonly folder: string;
  /** Resolved: overrides, seed and what it starts from are in its recipe. */
  readonly stage: Stage;
  /** What it learns from. */
  readonly samples: number;
}

/** Something to be measured of a checkpoint. */
export interface MeasureJob {
  readonly kind: 'measure';
  readonly identity: string;
  readonly folder: string;
  readonly config: MeasurementConfig;
  /** A run or a checkpoint. */
  readonly policy: string;
}

/** Inference is to be timed, of all arms of a sweep together. */
export interface LatencyJob {
  readonly kind: 'latency';
  readonly identity: string;
  readonly folder: string;
  readonly runs: readonly ArmRun[];
  readonly sweep: Sweep;
}

/** One thing to do. */
export type Job = TrainJob | MeasureJob | LatencyJob;

/** An arm with one seed: which jobs it consists of. `seed` is null where a given checkpoint is measured once for all seeds. */
export interface ArmRun {
  readonly arm: Arm;
  readonly seed: number | null;
  readonly stages: readonly TrainJob[];
  readonly measurements: readonly MeasureJob[];
  /** A run or a checkpoint, and what names its weights. */
  readonly policy: string;
  readonly policyIdentity: string;
}

/** A planned study. */
export interface StudyPlan {
  readonly runs: readonly ArmRun[];
  /** In the order in which they are done; shared ones once. */
  readonly jobs: readonly Job[];
  /** The last of the jobs, in a sweep. */
  readonly latency: LatencyJob | null;
}
