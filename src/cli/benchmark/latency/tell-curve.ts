/** @file The curve of success against delay on disk and in the terminal. */

import path from 'node:path';
import process from 'node:process';
import { writeFileAtomic } from '../../../base/files.ts';
import type { EvaluationResult } from '../../../benchmarks/result.ts';
import { aligned, markdown } from '../../../benchmarks/text-table.ts';
import { resultNameOf } from '../tell-result.ts';
import { curveFigure, curveLines, curvePoint } from './curve.ts';

/** Writes FOLDER/evaluation-NAME-latency.svg and .md of results that were played with latencies (of one benchmark, the first), and gives the table. Null where there are none. */
export function tellCurve(folder: string, results: readonly EvaluationResult[]): string | null {
  const first = results.find((result) => curvePoint(result) !== null);
  const benchmark = first?.benchmark;
  if (first === undefined || benchmark === undefined) return null;
  const own = results.filter((result) => result.benchmark?.name === benchmark.name);
  const points = own.flatMap((result) => curvePoint(result) ?? []);
  const title = `${first.policy.name} on ${benchmark.name}: success against latency`;
  const table = curveLines(points);
  const file = path.join(folder, `${resultNameOf(benchmark.name)}-latency`);
  writeFileAtomic(`${file}.svg`, curveFigure(title, points));
  writeFileAtomic(`${file}.md`, `${[`# ${title}`, '', MEANING, '', ...markdown(table)].join('\n')}\n`);
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  return [title, '', ...aligned(table, colour)].join('\n');
}

const MEANING =
  'The world moves on while the policy thinks; the strategy says what the robot does meanwhile. Steps in which it waits count. Wilson’s 95 % intervals.';
