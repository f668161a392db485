/** @file All benchmarks. To add one: its file, and a line here. */

import { lookUp } from '../../base/errors.ts';
import type { Benchmark } from './benchmark.ts';
import { LIBERO } from './libero.ts';
import { tabletop } from './tabletop.ts';

/** In the order of help texts. */
export const BENCHMARKS: readonly Benchmark[] = [tabletop, ...LIBERO];

/** The benchmark of this name; a miss suggests the nearest. */
export function findBenchmark(name: string): Benchmark {
  return lookUp('benchmark', name, Object.fromEntries(BENCHMARKS.map((one) => [one.name, one])));
}
