/**
 * @file Eigengrasps (Ciocarlie et al. 2007): the principal components of hand poses, by which Qwen-VLA writes 45 joint numbers as 10
 * (papers/qwen-vla, "Human egocentric data").
 *
 * Not stated in the paper: that the mean is taken off (usual in PCA); the signs, here such that the largest number of each component is
 * positive; that left hands are mirrored first (`mirrorJoints`), so that both hands share one set.
 */

import { VlaError } from '../../base/errors.ts';
import { symmetricEigen } from '../../base/symmetric-eigen.ts';

/** Numbers of a hand pose: 15 joints, axis times angle each (MANO). */
export const HAND_JOINTS = 45;
/** Eigengrasps of a hand that Qwen-VLA keeps. */
export const EIGENGRASPS = 10;

/** A fitted set of eigengrasps; plain data for a file. */
export interface Eigengrasps {
  /** [45], radians. */
  readonly mean: readonly number[];
  /** The components, the one of the largest variance first; each [45], of unit length, orthogonal to the others. */
  readonly components: readonly (readonly number[])[];
  /** Variance along each component, rad² (population). */
  readonly variances: readonly number[];
  /** Variance of all 45 numbers together, rad²: what the components explain of it is their variances' share. */
  readonly totalVariance: number;
}

/**
 * Fits `count` eigengrasps to hand poses, row-major [n, 45]. Deterministic: the same poses give the same components, signs included.
 * Throws `bad-shape` for a wrong length and `bad-data` where fewer than `count` directions vary.
 */
export function fitEigengrasps(poses: ArrayLike<number>, count = EIGENGRASPS): Eigengrasps {
  const rows = poses.length / HAND_JOINTS;
  if (!Number.isInteger(rows) || rows < 2) {
    throw new VlaError(
      'bad-shape',
      `fitEigengrasps: expected at least two poses of ${HAND_JOINTS} numbers, got ${poses.length} numbers.`,
      { hint: 'A pose is 15 joints, axis times angle each.' },
    );
  }
  const mean = new Float64Array(HAND_JOINTS);
  for (let i = 0; i < poses.length; i++) mean[i % HAND_JOINTS]! += poses[i]! / rows;
  const { values, vectors } = symmetricEigen(covariance(poses, mean, rows), HAND_JOINTS);
  const order = [...values.keys()].toSorted((a, b) => values[b]! - values[a]! || a - b);
  const largest = values[order[0]!]!;
  const chosen = order.slice(0, count);
  const varying = chosen.filter((k) => values[k]! > 1e-12 * largest && values[k]! > 0).length;
  if (varying < count) {
    throw new VlaError('bad-data', `fitEigengrasps: expected poses that vary in ${count} ways, got ${varying}.`, {
      hint: 'Fit on more varied poses, or keep fewer components.',
    });
  }
  return {
    mean: [...mean],
    components: chosen.map((k) =>
      positive(Array.from({ length: HAND_JOINTS }, (_, i) => vectors[i * HAND_JOINTS + k]!)),
    ),
    variances: chosen.map((k) => values[k]!),
    totalVariance: values.reduce((sum, value) => sum + value, 0),
  };
}

/** The weights of a hand pose [45] along the components. */
export function encodeGrasp({ mean, components }: Eigengrasps, joints: ArrayLike<number>): Float64Array {
  return Float64Array.from(components, (component) =>
    component.reduce((sum, value, i) => sum + value * (joints[i]! - mean[i]!), 0),
  );
}

/** The hand pose [45] of weights: the nearest pose that the components can say. */
export function decodeGrasp({ mean, components }: Eigengrasps, weights: ArrayLike<number>): Float64Array {
  return Float64Array.from(mean, (value, i) =>
    components.reduce((sum, component, k) => sum + component[i]! * weights[k]!, value),
  );
}

/**
 * The joints of a left hand as those of the right hand that is its mirror image (y → −y), and back: a rotation about x or z turns the
 * other way round, one about y does not.
 */
export function mirrorJoints(joints: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: joints.length }, (_, i) => (i % 3 === 1 ? joints[i]! : -joints[i]!));
}

/** Population covariance, row-major [45, 45]. */
function covariance(poses: ArrayLike<number>, mean: Float64Array, rows: number): Float64Array {
  const out = new Float64Array(HAND_JOINTS * HAND_JOINTS);
  const centred = new Float64Array(HAND_JOINTS);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < HAND_JOINTS; i++) centred[i] = poses[row * HAND_JOINTS + i]! - mean[i]!;
    for (let i = 0; i < HAND_JOINTS; i++) {
      for (let j = 0; j <= i; j++) out[i * HAND_JOINTS + j]! += (centred[i]! * centred[j]!) / rows;
    }
  }
  for (let i = 0; i < HAND_JOINTS; i++) {
    for (let j = 0; j < i; j++) out[j * HAND_JOINTS + i] = out[i * HAND_JOINTS + j]!;
  }
  return out;
}

/** The vector or its negative: the first of its largest numbers is positive. */
function positive(vector: readonly number[]): number[] {
  const size = Math.max(...vector.map(Math.abs));
  const at = vector.findIndex((value) => Math.abs(value) > size * (1 - 1e-9));
  const sign = Math.sign(vector[at]!);
  return vector.map((value) => sign * value);
}
