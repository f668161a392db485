/** @file What a report is made of. */

import type { EvaluationResult } from '../../benchmarks/result.ts';
import type { MetricsLine } from '../../training/metrics-log.ts';
import type { OpenLoopResult } from '../../training/open-loop.ts';
import type { Provenance } from '../../training/provenance-file.ts';

/** An evaluation with the bytes of its films. */
export interface ReportedEvaluation {
  readonly result: EvaluationResult;
  /** By the `file` of each rollout. */
  readonly films: Readonly<Record<string, Uint8Array>>;
}

/** Everything that a run folder may hold; what is null or empty has no section. */
export interface ReportInput {
  readonly title: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** The policy's evaluation first, then references such as the expert's. */
  readonly evaluations: readonly ReportedEvaluation[];
  readonly metrics: readonly MetricsLine[];
  readonly openLoop: OpenLoopResult | null;
  /** Where the weights came from. */
  readonly training: Provenance | null;
  /** JSON values that are printed as they are: configuration, training facts, dataset facts. */
  readonly documents: readonly { readonly title: string; readonly value: unknown }[];
}
