/** @file Normalisation of state and action vectors: one affine map per dimension (or per dimension and step), both ways. */

import { VlaError } from '../base/errors.ts';

/** The statistics that normalisation reads, one number per dimension each (a subset of `FeatureStatistics`). */
export interface NormalisationStatistics {
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly q01: readonly number[];
  readonly q99: readonly number[];
}

/**
 * How a vector is normalised.
 * `quantile`: [q01, q99] → [-1, 1]; `min-max`: [min, max] → [-1, 1]; `mean-std`: zero mean, unit deviation;
 * `mean-std-by-step`: the same with statistics of its own for every step of a chunk, [steps][dim] (Xiaomi-Robotics-0);
 * `identity`: unchanged.
 *
 * `epsilon` is added to the range or deviation (ZR-0 and pi-0 use 1e-8 and 1e-6). `smallestRange` widens a range that
 * is narrower, in robot units, so that the jitter of a dimension that hardly moves is not blown up; 0 switches it off.
 * A dimension whose range is empty is 0, or with `constant: 'lowest'` what the formula with epsilon gives: −1 (DM0).
 */
export type Normalisation =
  | {
      readonly kind: 'quantile' | 'min-max';
      readonly epsilon: number;
      readonly smallestRange: number;
      readonly constant?: 'lowest' | undefined;
      readonly statistics: NormalisationStatistics;
    }
  | { readonly kind: 'mean-std'; readonly epsilon: number; readonly statistics: NormalisationStatistics }
  | {
      readonly kind: 'mean-std-by-step';
      readonly epsilon: number;
      readonly mean: readonly (readonly number[])[];
      readonly std: readonly (readonly number[])[];
    }
  | { readonly kind: 'identity' };

/** Per dimension, or per step and dimension: encoded = (x − centre) / scale. A scale of 0 marks a constant dimension: encoded 0, decoded centre. */
export interface AffineMap {
  readonly centre: Float64Array;
  readonly scale: Float64Array;
}

/** A range per dimension; falls back from quantiles to extremes where the quantiles coincide but the values vary. */
const RANGE: Readonly<
  Record<'quantile' | 'min-max', (s: NormalisationStatistics, i: number) => readonly [number, number]>
> = {
  // A gripper that closes in fewer than 1 % of the frames has q01 = q99 and still matters.
  quantile: (s, i) => (s.q99[i]! > s.q01[i]! ? [s.q01[i]!, s.q99[i]!] : [s.min[i]!, s.max[i]!]),
  'min-max': (s, i) => [s.min[i]!, s.max[i]!],
};

/** The affine map of a normalisation for `dim` dimensions; throws `bad-data` when the statistics do not fit. */
export function affineMap(normalisation: Normalisation, dim: number, where: string): AffineMap {
  const centre = new Float64Array(dim);
  const scale = new Float64Array(dim).fill(1);
  if (normalisation.kind === 'identity') return { centre, scale };
  if (normalisation.kind === 'mean-std-by-step') return mapByStep(normalisation, dim, where);
  const { statistics, epsilon } = normalisation;
  checkStatistics(statistics, dim, where);
  for (let i = 0; i < dim; i++) {
    if (normalisation.kind === 'mean-std') {
      centre[i] = statistics.mean[i]!;
      scale[i] = statistics.std[i]! > 0 ? statistics.std[i]! + epsilon : 0;
      continue;
    }
    const [low, high] = RANGE[normalisation.kind](statistics, i);
    if (high === low && normalisation.constant === undefined) {
      centre[i] = low;
      scale[i] = 0;
    } else if (high - low < normalisation.smallestRange) {
      centre[i] = (low + high) / 2;
      scale[i] = normalisation.smallestRange / 2;
    } else {
      // (x − low) / (high − low + ε) · 2 − 1, written as one centre and one scale.
      scale[i] = (high - low + epsilon) / 2;
      centre[i] = low + scale[i]!;
    }
  }
  return { centre, scale };
}

function mapByStep(
  { mean, std, epsilon }: Extract<Normalisation, { kind: 'mean-std-by-step' }>,
  dim: number,
  where: string,
): AffineMap {
  if (mean.length === 0 || mean.length !== std.length) {
    throw new VlaError(
      'bad-data',
      `${where}: expected as many steps of "mean" as of "std", got ${mean.length} and ${std.length}.`,
      {
        hint: 'The statistics of chunks have one row per step; take both from one file.',
      },
    );
  }
  for (const [key, rows] of Object.entries({ mean, std })) {
    for (const [step, row] of rows.entries()) checkNumbers(row, key, dim, `${where}, step ${step}`);
  }
  return {
    centre: Float64Array.from(mean.flat()),
    scale: Float64Array.from(std.flat(), (deviation) => (deviation > 0 ? deviation + epsilon : 0)),
  };
}

/** Normalises rows in place; `map` begins again where it ends. */
export function normaliseRows(map: AffineMap, rows: Float64Array): void {
  const { centre, scale } = map;
  const dim = centre.length;
  for (let i = 0; i < rows.length; i++) {
    const d = i % dim;
    rows[i] = scale[d] === 0 ? 0 : (rows[i]! - centre[d]!) / scale[d]!;
  }
}

/** The inverse of `normaliseRows`, in place. */
export function denormaliseRows(map: AffineMap, rows: Float64Array): void {
  const { centre, scale } = map;
  const dim = centre.length;
  for (let i = 0; i < rows.length; i++) rows[i] = rows[i]! * scale[i % dim]! + centre[i % dim]!;
}

function checkStatistics(statistics: NormalisationStatistics, dim: number, where: string): void {
  for (const key of ['min', 'max', 'mean', 'std', 'q01', 'q99'] as const)
    checkNumbers(statistics[key], key, dim, where);
}

function checkNumbers(values: readonly number[], key: string, dim: number, where: string): void {
  if (values.length !== dim) {
    throw new VlaError('bad-data', `${where}: expected ${dim} values of "${key}", got ${values.length}.`, {
      hint: 'The statistics belong to another dataset or embodiment; compute them again.',
    });
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new VlaError('not-finite', `${where}: expected a finite "${key}", got ${values[bad]} at index ${bad}.`, {
      hint: 'The dataset holds NaN or infinity in that dimension.',
    });
  }
}
