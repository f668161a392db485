/** @file The table of a benchmark's result, and its page beside the result file. */

import fs from 'node:fs';
import path from 'node:path';
import { writeFileAtomic } from '../../base/files.ts';
import { benchmarkPage, benchmarkText, type OtherResults } from '../../benchmarks/benchmark-page.ts';
import { readResult, type EvaluationResult } from '../../benchmarks/result.ts';
import type { Benchmark } from '../../benchmarks/table/benchmark.ts';

/** The name of a benchmark's result file, without its ending. */
export function resultNameOf(benchmark: string): string {
  return `evaluation-${benchmark}`;
}

/** The table, as `measure` takes it. */
export function tableOf(benchmark: Benchmark, folder: string): (result: EvaluationResult, colour: boolean) => string {
  return (result, colour) => benchmarkText(benchmark, result, otherResults(benchmark, folder, result), colour);
}

/** Writes the page FOLDER/NAME.md. */
export function writePage(benchmark: Benchmark, folder: string, resultName: string, result: EvaluationResult): void {
  const page = benchmarkPage(benchmark, result, otherResults(benchmark, folder, result));
  writeFileAtomic(path.join(folder, `${resultName}.md`), page);
}

/** Whole results of the same policy on the benchmarks of the same published table, which lie in the same folder. */
function otherResults({ name, published }: Benchmark, folder: string, { policy }: EvaluationResult): OtherResults {
  const names = (published?.columns ?? []).flatMap(({ benchmark }) => (benchmark === null ? [] : [benchmark]));
  const found = names.flatMap((other) => {
    const file = path.join(folder, `${resultNameOf(other)}.json`);
    if (other === name || !fs.existsSync(file)) return [];
    const result = readResult(file);
    const same = result.policy.name === policy.name && result.policy.sha256 === policy.sha256;
    return same && !result.partial && result.benchmark?.name === other ? [[other, result] as const] : [];
  });
  return new Map(found);
}
