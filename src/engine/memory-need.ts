/** @file How much memory the weights of a graph take, and a clear refusal where it is not there. */

import { VlaError } from '../base/errors.ts';
import { BYTES, elementCount } from '../base/tensor.ts';
import type { Graph } from './graph.ts';
import type { WeightContent } from './onnx/write.ts';
import { castLate } from './passes/late-casts.ts';
import { quantiseWeights } from './passes/quantise-weights.ts';
import type { SessionOptions } from './session-types.ts';
import type { WeightPrecision } from './session-types.ts';
import { layoutOf } from './weight-precision.ts';

/** Peak over the bytes of the weights while a session opens, as measured (docs/results/published-size.md). */
const PEAK = 1.15;
/** Needs below this are not worth a refusal. */
const SMALL = 2 ** 30;

/** Bytes of all weights of a graph as a session on the processor holds them. */
export function weightBytes(
  graph: Graph,
  precision: WeightPrecision,
  weights: Readonly<Record<string, WeightContent>>,
): number {
  const held = precision === 'f32' ? graph : quantiseWeights(graph, layoutOf(precision, 'cpu')).graph;
  const stored = Object.fromEntries(Object.entries(weights).map(([name, { dtype }]) => [name, dtype]));
  const values = Object.values(castLate(held, stored).weights);
  return values.reduce((sum, { dtype, shape }) => sum + elementCount(shape as number[]) * BYTES[dtype], 0);
}

/**
 * Throws `unsupported` when `available` bytes are not enough to open a session of this graph on the processor, and says what
 * other precisions need.
 */
export function requireMemory(graph: Graph, options: SessionOptions, available: number): void {
  const { weightPrecision = 'f32', weights = {} } = options;
  const need = (precision: WeightPrecision): number => PEAK * weightBytes(graph, precision, weights);
  const needed = need(weightPrecision);
  if (needed < SMALL || needed <= available) return;
  const smaller = (['int8', 'int4'] as const)
    .slice(['f32', 'int8', 'int4'].indexOf(weightPrecision))
    .map((precision) => `${precision} (${gigabytes(need(precision))})`);
  const advice =
    smaller.length === 0 ? '' : ` or hold the weights in ${smaller.join(' or ')} (weightPrecision, --weights),`;
  throw new VlaError(
    'unsupported',
    `session: expected ${gigabytes(needed)} of free memory for weights in ${weightPrecision}, got ${gigabytes(available)}.`,
    {
      hint: `Free ${gigabytes(needed - available)} by closing other programs,${advice} or use a machine with more memory.`,
    },
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
