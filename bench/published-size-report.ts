/** @file The table of bench/published-size.ts. */

import { elementCount } from '../src/base/tensor.ts';
import { percentile } from '../src/benchmarks/statistics.ts';
import type { Graph } from '../src/engine/index.ts';
import { optimise } from '../src/engine/passes/optimise.ts';
import type { Ceilings } from './published-size-ceilings.ts';
import type { Contestant } from './published-size-contestants.ts';

/** A contestant's runs with all steps and with one. */
export interface Measured {
  readonly name: string;
  /** Who ran in turn with whom. */
  readonly group: string;
  readonly whole: Contestant;
  readonly single: Contestant;
}

/** What the table is made of. */
export interface ReportInput {
  readonly measured: readonly Measured[];
  readonly steps: number;
  /** Bytes of the weights by precision. */
  readonly bytes: Readonly<Record<string, number>>;
  readonly ceilings: Ceilings;
  readonly noise: Float32Array;
  /** Floating-point operations of one chunk. */
  readonly operations: number;
}

/** Operations of all products of matrices in a graph, two per multiplication. */
export function graphWork(graph: Graph): { operations: number } {
  let operations = 0;
  for (const { op, inputs, outputs } of optimise(graph).nodes) {
    const inner = inputs[0]?.shape.at(-1) as number;
    const size = elementCount(outputs[0]!.shape as number[]);
    if (op.name === 'matmul' || op.name === 'gemm') operations += 2 * size * inner;
    if (op.name === 'attention') operations += 4 * elementCount(outputs[1]!.shape as number[]) * inner;
  }
  return { operations };
}

/** Lines of Markdown. */
export function report({ measured, steps, bytes, ceilings, noise, operations }: ReportInput): string[] {
  const exact = measured.find(({ name }) => name === 'f32')?.whole.actions ?? null;
  const ms = (contestant: Contestant): number[] => contestant.counted().map((run) => run.ms);
  const cpu = (contestant: Contestant): number[] => contestant.counted().map((run) => run.cpuMs);
  const rows = measured.map(({ name, group, whole, single }) => {
    const torch = measured.find((other) => other.group === group && other.name === 'PyTorch fp32');
    const chunk = percentile(ms(whole), 0.5);
    const first = percentile(ms(single), 0.5);
    const step = (chunk - first) / (steps - 1);
    const ceiling = name === 'f32' ? ceilings.f32GigaFlops : ceilings.int8GigaOps;
    const weights = bytes[name];
    const ours = weights !== undefined;
    return [
      name,
      whole.loadSeconds === null ? '' : `${whole.loadSeconds.toFixed(1)} (${single.loadSeconds!.toFixed(1)})`,
      ours ? `${(whole.peakBytes / 1e9).toFixed(2)} (${(whole.peakBytes / weights).toFixed(2)} ×)` : '',
      `${chunk.toFixed(0)} (${Math.min(...ms(whole)).toFixed(0)}–${percentile(ms(whole), 0.99).toFixed(0)})`,
      (first - step).toFixed(0),
      step.toFixed(1),
      torch === undefined ? '' : ratio(ms(whole), ms(torch.whole)),
      torch === undefined ? '' : ratio(cpu(whole), cpu(torch.whole)),
      ours ? `${((100 * operations) / chunk / 1e6 / ceiling).toFixed(0)} %` : '',
      ours && name !== 'f32' && exact !== null ? errors(whole.actions!, exact, noise) : '',
      `${whole.counted().length} of ${whole.runs.length}, others ${median(whole.counted().map((r) => 100 * r.others)).toFixed(0)} %`,
    ];
  });
  const head = [
    '',
    'load, s (again)',
    'peak memory, GB (of the weights)',
    'chunk p50 (min–p99), ms',
    'prompt, ms',
    'one step, ms',
    'of PyTorch fp32',
    'the same, CPU time',
    'of the ceiling',
    'error: chunk, way from noise',
    'runs that count',
  ];
  return [
    `${(operations / 1e12).toFixed(2)} T operations a chunk; ceilings: ${ceilings.f32GigaFlops.toFixed(0)} GFLOP/s in f32, ` +
      `${ceilings.int8GigaOps.toFixed(0)} Gop/s in int8, ${ceilings.gigabytesPerSecond.toFixed(1)} GB/s from memory`,
    ...[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
  ];
}

const median = (values: readonly number[]): number => percentile(values, 0.5);

const ratio = (ours: readonly number[], theirs: readonly number[]): string =>
  (median(ours) / median(theirs)).toFixed(2);

/** Relative to the chunk, and to the way that the expert has walked from the noise. */
function errors(actions: readonly number[], exact: readonly number[], noise: Float32Array): string {
  let [difference, chunk, way] = [0, 0, 0];
  for (const [i, value] of exact.entries()) {
    // Padded dimensions are zero in the chunk and were noise.
    if (value === 0) continue;
    difference += (actions[i]! - value) ** 2;
    chunk += value ** 2;
    way += (value - noise[i]!) ** 2;
  }
  const percent = (of: number): string => `${(100 * Math.sqrt(difference / of)).toFixed(2)} %`;
  return `${percent(chunk)}, ${percent(way)}`;
}
