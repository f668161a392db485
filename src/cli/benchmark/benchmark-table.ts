/** @file What `vlakit benchmark` prints: the result's table. */

import { resultTable } from '../../benchmarks/result-table.ts';
import type { EvaluationResult } from '../../benchmarks/result.ts';
import type { Benchmark } from '../../benchmarks/table/benchmark.ts';

/** The table of a benchmark's results. */
export function benchmarkTable(benchmark: Benchmark): (result: EvaluationResult, colour: boolean) => string {
  return (result, colour) => `${benchmark.name}\n${resultTable(result, colour)}`;
}
