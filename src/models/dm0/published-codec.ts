/** @file What a codec for a published DM0 checkpoint is made of: its cameras, its statistics, its action steps. */

import { z } from 'zod';
import { VlaError } from '../../base/errors.ts';
import type { CameraConfig } from '../../codec/codec-config.ts';
import type { NormalisationStatistics } from '../../codec/normalise.ts';
import type { VectorStep } from '../../codec/vector-steps.ts';
import { DM0_BASE } from './config.ts';

const SIDE = 728;

/** A camera as DM0 was trained: padded with black to a square, then 728 × 728 (the official server pads with grey 127). */
export function dm0Camera(name: string): CameraConfig {
  const { patch, merge } = DM0_BASE.vision;
  return {
    name,
    steps: [
      { kind: 'pad-to-square', fill: 0 },
      { kind: 'resize', width: SIDE, height: SIDE, filter: 'bicubic' },
    ],
    width: SIDE,
    height: SIDE,
    patch,
    merge,
    temporal: 1,
    augmentation: null,
  };
}

/** One number per padded dimension each. */
export interface Dm0Statistics {
  readonly state: NormalisationStatistics;
  readonly action: NormalisationStatistics;
}

const numbers = z.array(z.number());
const vector = z.object({ min: numbers, max: numbers, mean: numbers, std: numbers });
const vectors = z.object({ state: vector, action: vector });
const file = z.union([z.object({ norm_stats: vectors }).transform((whole) => whole.norm_stats), vectors]);

/**
 * The statistics of a parsed norm_stats.json, with or without its outer key; `where` names it. Its `min` and `max` hold the
 * 1 % and 99 % quantiles. Throws `bad-data`.
 */
export function parseDm0Statistics(json: unknown, where: string): Dm0Statistics {
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    throw new VlaError('bad-data', `${where}: expected min, max, mean and std of "state" and "action", got others.`, {
      cause: parsed.error,
      hint: 'Take norm_stats.json from the folder of the checkpoint.',
    });
  }
  const { state, action } = parsed.data;
  const withQuantiles = (one: z.infer<typeof vector>): NormalisationStatistics => ({
    ...one,
    q01: one.min,
    q99: one.max,
  });
  return { state: withQuantiles(state), action: withQuantiles(action) };
}

/** How a robot's actions become DM0's. */
export interface Dm0Actions {
  /** As many numbers as the padded action. */
  readonly statistics: NormalisationStatistics;
  /** Real dimensions of the robot; state and action have the same. */
  readonly dim: number;
  /** Dimensions that stay absolute, such as grippers (`non_delta_mask`). */
  readonly absolute: readonly number[];
  /** Dimensions that wrap, and the length of their circle (`periodic_mask`, `periodic_range`); null for none. */
  readonly periodic: { readonly dimensions: readonly number[]; readonly period: number } | null;
}

/**
 * Absolute actions to differences from the state at the chunk's start, padded, then (x − min) / (max − min + 1e-6) · 2 − 1: in
 * this order padding becomes −1, which the published networks have learned.
 */
export function dm0ActionSteps({ statistics, dim, absolute, periodic }: Dm0Actions): VectorStep[] {
  const perDimension = <T>(f: (d: number) => T): T[] => Array.from({ length: dim }, (_, d) => f(d));
  return [
    {
      kind: 'reference',
      change: {
        from: 'absolute',
        to: 'relative-to-chunk-start',
        stateIndex: perDimension((d) => (absolute.includes(d) ? null : d)),
        period: periodic && perDimension((d) => (periodic.dimensions.includes(d) ? periodic.period : null)),
      },
    },
    { kind: 'pad', size: statistics.min.length, slots: null },
    {
      kind: 'normalise',
      normalisation: { kind: 'min-max', epsilon: 1e-6, smallestRange: 0, constant: 'lowest', statistics },
    },
  ];
}
