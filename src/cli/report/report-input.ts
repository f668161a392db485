/** @file What a report is made of. */

import type { EvaluationResult } from '../../benchmarks/result.ts';
import type { MetricsLine } from '../../training/metrics-log.ts';

/** An evaluation with the bytes of its films. */
export interface ReportedEvaluation {
  readonly result: EvaluationResult;
  /** By the `file` of each rollout. */
  readonly films: Readonly<Record<string, Uint8Array>>;
}

/** Error of predicted actions on recorded data, per dimension, beside baselines. */
export interface ReportedOpenLoop {
  readonly dataset: string;
  /** The episodes that were held out from training. */
  readonly episodes: readonly number[];
  /** Frames compared. */
  readonly frames: number;
  /** What the numbers are, for example "mean absolute error". */
  readonly metric: string;
  readonly dimensions: readonly string[];
  /** The policy first, then the baselines; `errors` has one number per dimension, in the robot's units. */
  readonly predictors: readonly { readonly name: string; readonly errors: readonly number[] }[];
  /** Facts for the reader: horizon, units, what was left out. */
  readonly notes: readonly string[];
}

/** Everything that a run folder may hold; what is null or empty has no section. */
export interface ReportInput {
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** The policy's evaluation first, then references such as the expert's. */
  readonly evaluations: readonly ReportedEvaluation[];
  readonly metrics: readonly MetricsLine[];
  readonly openLoop: ReportedOpenLoop | null;
  /** JSON values that are printed as they are: configuration, training facts, dataset facts. */
  readonly documents: readonly { readonly title: string; readonly value: unknown }[];
}
